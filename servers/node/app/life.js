import net from 'node:net';

/** Calls stop once, on the first SIGTERM or SIGINT; a cluster's worker may get one from its group and one from its first process. */
export function stopOnSignals(stop) {
  let asked = false;
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      if (!asked) stop();
      asked = true;
    });
  }
}

/**
 * Has this process stop when the one that started it is gone, however that ended: the descriptor that NODECOMPARE_PARENT_FD
 * names is a pipe's reading end, whose other end only the parent holds. A cluster's workers end with their first process.
 */
export function endWithParent() {
  const fd = Number.parseInt(process.env.NODECOMPARE_PARENT_FD, 10);
  if (Number.isNaN(fd)) return;
  const end = () => process.kill(process.pid, 'SIGTERM');
  let pipe;
  try {
    pipe = new net.Socket({ fd, readable: true, writable: false });
  } catch {
    return; // not a descriptor of ours after all: an environment that was handed on
  }
  pipe.on('close', end);
  pipe.on('error', () => {}); // is followed by close
  pipe.resume();
  pipe.unref();
}
