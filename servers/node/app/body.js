import { Fault } from './work/fault.js';

/** The largest body that is served, in bytes. */
export const bodyLimit = 1 << 20;

export const tooLarge = () => new Fault(413, 'the body is too large (RFC 9110, section 15.5.14)');

/**
 * Reads a request's body. One that is too large is read to its end, as Express does it, and then rejected with a Fault: a
 * client that is still sending would not see an answer.
 */
export function readBody(req) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let size = 0;
    req.on('data', (chunk) => {
      size += chunk.length;
      if (size <= bodyLimit) chunks.push(chunk);
    });
    req.on('end', () => {
      if (size > bodyLimit) reject(tooLarge());
      else resolve(Buffer.concat(chunks));
    });
    req.on('error', reject);
  });
}
