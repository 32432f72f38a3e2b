/** UUIDs, each with a number from 0 to 127 and a mark. */
export interface IdTable {
  /** Adds an id; one that is there keeps its number and mark. */
  add(id: string, kind: number): void;
  /** Marks an id; false when it is not in the table. */
  mark(id: string): boolean;
  unmarked(): Generator<{ id: string; kind: number }>;
}

const wordsPerId = 4;
const markBit = 0x80;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A hash table with open addressing in typed arrays. An id takes 23 to 46 bytes, and no object of its own; as a string in a
 * Map it would take 85 or more. So the ids of millions of events fit into memory.
 */
export function createIdTable(): IdTable {
  let slots = 1_024;
  let words = new Uint32Array(slots * wordsPerId);
  let kinds = new Uint8Array(slots);
  let size = 0;

  /** Where the id stands, or would stand. No event's id is the nil UUID, so a slot of zeros is a free one. */
  function find([a, b, c, d]: Id): number {
    // The last bits of a UUID are random, in version 4 as in version 7.
    for (let slot = d & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const at = slot * wordsPerId;
      const isHere = words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d;
      if (isHere || isFree(slot)) return slot;
    }
  }

  function isFree(slot: number): boolean {
    const at = slot * wordsPerId;
    return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
  }

  function grow(): void {
    const [oldWords, oldKinds] = [words, kinds];
    slots *= 2;
    words = new Uint32Array(slots * wordsPerId);
    kinds = new Uint8Array(slots);
    for (let old = 0; old < oldKinds.length; old += 1) {
      const id = idAt(oldWords, old);
      if (id.every((word) => word === 0)) continue;
      const slot = find(id);
      words.set(id, slot * wordsPerId);
      kinds[slot] = oldKinds[old] as number;
    }
  }

  return {
    add(text, kind) {
      if (!uuid.test(text)) throw new TypeError(`an event's id is a UUID, not "${text}"`);
      const id = parse(text);
      let slot = find(id);
      if (!isFree(slot)) return;
      if (size >= slots * 0.75) {
        grow();
        slot = find(id);
      }
      words.set(id, slot * wordsPerId);
      kinds[slot] = kind;
      size += 1;
    },
    mark(text) {
      if (!uuid.test(text)) return false;
      const slot = find(parse(text));
      if (isFree(slot)) return false;
      kinds[slot] = (kinds[slot] as number) | markBit;
      return true;
    },
    *unmarked() {
      for (let slot = 0; slot < slots; slot += 1) {
        const kind = kinds[slot] as number;
        if (isFree(slot) || kind & markBit) continue;
        yield { id: format(idAt(words, slot)), kind };
      }
    },
  };
}

/** A UUID's 128 bits. */
type Id = readonly [number, number, number, number];

function parse(text: string): Id {
  const hex = text.replaceAll('-', '');
  const word = (index: number) => Number.parseInt(hex.slice(index * 8, index * 8 + 8), 16);
  return [word(0), word(1), word(2), word(3)];
}

function idAt(words: Uint32Array, slot: number): Id {
  const word = (index: number) => words[slot * wordsPerId + index] as number;
  return [word(0), word(1), word(2), word(3)];
}

function format(id: Id): string {
  const hex = id.map((word) => word.toString(16).padStart(8, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
