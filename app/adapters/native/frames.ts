/** Frames as native/internal/wire/frame.go writes them: a length (4 bytes, big endian) and so many bytes of JSON. */

/** Largest body in bytes on the core to engine link (MaxEngineFrame). */
export const largestEngineFrame = 4 << 20;

/** Largest body in bytes on the helper link (MaxFrame). */
export const largestHelperFrame = 64 << 10;

/** Throws a RangeError where the body is over the limit. */
export function encodeFrame(document: unknown, limit: number): Buffer {
  const body = Buffer.from(JSON.stringify(document), 'utf8');
  if (body.length > limit) {
    throw new RangeError(`a frame of ${body.length} bytes is over the limit of ${limit}`);
  }
  const frame = Buffer.allocUnsafe(4 + body.length);
  frame.writeUInt32BE(body.length, 0);
  body.copy(frame, 4);
  return frame;
}

/**
 * Takes bytes as they come and calls with each document. After the first error (too large, not JSON) it takes
 * nothing more, because where the next frame starts is not known.
 */
export function frameReader(
  limit: number,
  received: (document: unknown) => void,
  failed: (because: string) => void,
): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let held = 0;
  let length: number | null = null;
  let broken = false;
  const fail = (because: string) => {
    broken = true;
    chunks = [];
    failed(because);
  };
  return (chunk) => {
    if (broken) {
      return;
    }
    chunks.push(chunk);
    held += chunk.length;
    while (!broken && held >= (length === null ? 4 : length)) {
      const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, held);
      const wanted: number = length === null ? 4 : length;
      const part = bytes.subarray(0, wanted);
      chunks = [bytes.subarray(wanted)];
      held -= wanted;
      if (length === null) {
        length = part.readUInt32BE(0);
        if (length > limit) {
          fail(`a frame of ${length} bytes is over the limit of ${limit}`);
        }
        continue;
      }
      length = null;
      let document: unknown;
      try {
        document = JSON.parse(part.toString('utf8'));
      } catch {
        fail('a frame was not JSON');
        return;
      }
      received(document);
    }
  };
}
