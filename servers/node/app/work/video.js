import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import { waits } from '../trace.js';
import { Fault } from './fault.js';

/** The video's entity tag, and its size in bytes. */
export const etag = '"video-1"';
const size = 64 << 20;

const octets = 'application/octet-stream';

/**
 * Answers with the video, or with the range of it that the request asks for, as a stream: what the client does not take yet is
 * not read either. A client that goes away ends the reading. Throws a Fault for a range that is none, or another video.
 */
export async function stream(req, res, file) {
  const { status, start, end } = select(req);
  if (status === 304) {
    res.writeHead(304, { ETag: etag }).end();
    return;
  }
  if (status >= 400) {
    if (status === 416) res.setHeader('Content-Range', `bytes */${size}`);
    throw refusal(status);
  }
  const headers = {
    'Content-Type': octets,
    ETag: etag,
    'Accept-Ranges': 'bytes',
    'Content-Length': end - start + 1,
  };
  if (status === 206) headers['Content-Range'] = `bytes ${start}-${end}/${size}`;
  if (req.method === 'HEAD') {
    res.writeHead(status, headers).end();
    return;
  }
  const video = await open(file);
  res.writeHead(status, headers);
  try {
    await waits('a worker', pipeline(video.createReadStream({ start, end }), res));
  } catch {
    res.destroy(); // it is too late for another answer
  }
}

/** Why a request gets nothing of the video: a Fault with that status, 412 or 416; undefined for another status. */
export function refusal(status) {
  if (status === 412) {
    return new Fault(412, `the video's entity tag is ${etag}, which If-Match does not name`);
  }
  if (status === 416) {
    return new Fault(416, `Range must be bytes of a video that has ${size}, such as bytes=0-1023`);
  }
  return undefined;
}

/** The status of an answer, and the part of the video that it has (RFC 9110, sections 13.2.2 and 14.2). */
function select({ method, headers }) {
  const { 'if-match': wanted, 'if-none-match': known = '', 'if-range': still = etag } = headers;
  if (wanted !== undefined && !names(wanted)) return { status: 412 };
  if (names(known.replaceAll('W/', ''))) return { status: 304 };
  const whole = { status: 200, start: 0, end: size - 1 };
  const set = /^bytes=(.*)$/i.exec(headers.range);
  if (!set || method !== 'GET' || still !== etag) return whole;
  const parts = set[1].split(',').filter((text) => text.trim());
  const ranges = parts.map((text) => range(text.trim()));
  if (!ranges.every(Boolean)) return { status: 416 };
  const found = ranges.filter(({ start, end }) => start <= end && start < size);
  if (found.length === 0) return { status: 416 };
  return found.length === 1 ? { status: 206, ...found[0] } : whole;
}

const names = (list) => list.trim() === '*' || list.split(',').some((tag) => tag.trim() === etag);

/** The bytes that "first-last", "first-" or "-length" means; undefined for what is malformed. */
function range(text) {
  const [, first, last] = /^(\d*)-(\d*)$/.exec(text) ?? [];
  if (!first && !last) return undefined;
  if (!first) return { start: Math.max(size - Number(last), 0), end: size - 1 };
  if (last && Number(last) < Number(first)) return undefined;
  return { start: Number(first), end: last ? Math.min(Number(last), size - 1) : size - 1 };
}
