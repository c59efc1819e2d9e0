import { CLOCKS, type ClockName, type Fold, mapClocks, type OperationFold } from './fold.ts';

/** A fold's JSON part: arrays are replaced by their lengths and follow, one after the other, as little-endian integers. */
type Header = Omit<Fold, 'cells' | 'operations' | 'vus' | 'iterations'> & {
  readonly cells: readonly { target: string; operation: string; interval: number; useful: number; failed: number }[];
  readonly operations: readonly (Omit<OperationFold, ClockName> & Record<ClockName, number>)[];
  readonly vus: number;
  readonly iterations: number;
};

/** A fold as bytes: length of the header (4 bytes, little-endian), header as JSON in UTF-8, all integers. */
export function encodeFold(fold: Fold): Uint8Array {
  const header: Header = {
    ...fold,
    cells: fold.cells.map((cell) => ({ ...cell, useful: cell.useful.length, failed: cell.failed.length })),
    operations: fold.operations.map((each) => ({ ...each, ...mapClocks((clock) => each[clock].length) })),
    vus: fold.vus.length,
    iterations: fold.iterations.length,
  };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const arrays = [
    ...fold.cells.flatMap((cell) => [cell.useful, cell.failed]),
    ...fold.operations.flatMap((each) => CLOCKS.map((clock) => each[clock])),
    fold.vus,
    fold.iterations,
  ];
  return Buffer.concat([
    length,
    json,
    ...arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)),
  ]);
}

/**
 * The inverse of encodeFold.
 * @throws when the bytes do not fit the header: the stored fold is damaged
 */
export function decodeFold(bytes: Uint8Array): Fold {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const jsonEnd = 4 + buffer.readUInt32LE(0);
  const header = JSON.parse(buffer.toString('utf8', 4, jsonEnd)) as Header;
  const lengths = [
    ...header.cells.flatMap((cell) => [cell.useful, cell.failed]),
    ...header.operations.flatMap((each) => CLOCKS.map((clock) => each[clock])),
    header.vus,
    header.iterations,
  ];
  const integers = lengths.reduce((sum, length) => sum + length, 0);
  if (buffer.length !== jsonEnd + integers * Uint32Array.BYTES_PER_ELEMENT) {
    throw new Error(`A fold of ${integers} integers has ${buffer.length - jsonEnd} bytes of them.`);
  }
  // A copy, because the header's length leaves the integers at any offset.
  const all = new Uint32Array(buffer.buffer.slice(buffer.byteOffset + jsonEnd, buffer.byteOffset + buffer.byteLength));
  let at = 0;
  const take = (length: number) => {
    at += length;
    return all.slice(at - length, at);
  };
  return {
    ...header,
    cells: header.cells.map((cell) => ({ ...cell, useful: take(cell.useful), failed: take(cell.failed) })),
    operations: header.operations.map((each) => ({ ...each, ...mapClocks((clock) => take(each[clock])) })),
    vus: take(header.vus),
    iterations: take(header.iterations),
  };
}
