import { beforeAll, describe, expect, it } from 'vitest';
import { trailerMp4 } from './video.ts';

/** The boxes within a range of an MP4 file: name and content (ISO/IEC 14496-12, section 4.2). */
function boxesOf(content: Buffer): Map<string, Buffer> {
  const boxes = new Map<string, Buffer>();
  let offset = 0;
  while (offset < content.length) {
    const size = content.readUInt32BE(offset);
    expect(size).toBeGreaterThanOrEqual(8);
    expect(offset + size).toBeLessThanOrEqual(content.length);
    boxes.set(content.toString('latin1', offset + 4, offset + 8), content.subarray(offset + 8, offset + size));
    offset += size;
  }
  return boxes;
}

const boxAt = (content: Buffer, ...path: string[]) =>
  path.reduce((box, name) => boxesOf(box).get(name) ?? expect.fail(`no box ${name}`), content);

describe('trailerMp4', () => {
  let file: Buffer;
  beforeAll(async () => {
    file = await trailerMp4();
  });

  it('is an MP4 file of whole boxes with type, index and pictures', () => {
    expect([...boxesOf(file).keys()]).toEqual(expect.arrayContaining(['ftyp', 'moov', 'mdat']));
    expect(boxAt(file, 'mdat').length).toBeGreaterThan(10_000);
    expect(file.length).toBeLessThan(1_000_000);
  });

  it('holds five seconds', () => {
    const header = boxAt(file, 'moov', 'mvhd');
    expect(header.readUInt32BE(16) / header.readUInt32BE(12)).toBeCloseTo(5, 1);
  });

  it('holds 125 pictures of 320 by 180 in H.264', () => {
    const table = ['moov', 'trak', 'mdia', 'minf', 'stbl'];
    const description = boxAt(file, ...table, 'stsd').subarray(8);
    const entry = boxAt(description, 'avc1');
    expect([entry.readUInt16BE(24), entry.readUInt16BE(26)]).toEqual([320, 180]);
    expect(boxAt(file, ...table, 'stsz').readUInt32BE(8)).toBe(125);
  });

  it('shows the same pictures at every call', async () => {
    expect(boxAt(await trailerMp4(), 'mdat').equals(boxAt(file, 'mdat'))).toBe(true);
  });
});
