// Two members of one room talk, by the WebSocket of browsers, which npm's ws has too: what each of
// them hears, and how the server closes. Who has heard itself is there: a server lets a member in a
// moment after its answer to the handshake.
async function talk(WebSocket, url) {
  const report = [];
  const opened = (name) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.heard = [];
      socket.onmessage = ({ data }) => {
        socket.heard.push(data);
        socket.onheard?.();
      };
      socket.onopen = () => resolve(socket);
      socket.onerror = () => reject(new Error(`${name}: no connection`));
    });
  const heard = (socket, count) =>
    new Promise((resolve) => {
      socket.onheard = () => socket.heard.length >= count && resolve();
      socket.onheard();
    });
  const closed = (socket) => new Promise((resolve) => (socket.onclose = resolve));
  const texts = ['hello', '', 'Grüße, 世界 🎈', 'x'.repeat(4096)];

  const one = await opened('one');
  one.send('one');
  await heard(one, 1);
  const other = await opened('other');
  other.send('other');
  await Promise.all([heard(one, 2), heard(other, 1)]);
  for (const text of texts) one.send(text);
  await heard(other, 1 + texts.length);
  for (const text of texts) other.send(text);
  await Promise.all([heard(one, 2 + 2 * texts.length), heard(other, 1 + 2 * texts.length)]);
  const want = ['other', ...texts, ...texts];
  report.push(JSON.stringify(one.heard) === JSON.stringify(['one', ...want]));
  report.push(JSON.stringify(other.heard) === JSON.stringify(want));

  let end = closed(one);
  one.close(3001, 'bye');
  let { code, wasClean } = await end;
  report.push(code, wasClean);

  end = closed(other);
  other.send('x'.repeat(4097));
  ({ code, wasClean } = await end);
  report.push(code);

  const last = await opened('last');
  end = closed(last);
  last.send(new Uint8Array([1]));
  ({ code, wasClean } = await end);
  report.push(code, wasClean);
  return report.join(' ');
}
