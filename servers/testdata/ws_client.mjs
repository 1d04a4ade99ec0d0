// Runs talk.js with npm's ws, and what only that can do: fragments, pings, and frames that are wrong.
// Arguments: the file of ws, and the room's URL.
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';

const [file, url] = process.argv.slice(2);
const { WebSocket } = await import(pathToFileURL(file));
const text = readFileSync(new URL('talk.js', import.meta.url), 'utf8');
const report = [await new Function(`${text}; return talk`)()(WebSocket, url)];

const one = new WebSocket(url);
await once(one, 'open');
one.send('in ', { fin: false });
one.ping('still there?');
one.send('', { fin: false });
one.send('pieces', { fin: true });
const [[pong], [message]] = await Promise.all([once(one, 'pong'), once(one, 'message')]);
report.push(`${pong}`, `${message}`);
one.send(Buffer.from([0xc0, 0xaf]), { binary: false }); // not UTF-8
const [invalid] = await once(one, 'close');
const two = new WebSocket(url);
await once(two, 'open');
two.send('naked', { mask: false });
const [naked] = await once(two, 'close');
console.log([...report, invalid, naked].join('; '));
