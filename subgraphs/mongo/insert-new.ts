import type { mongo } from 'mongoose';

/** The server's code for a document whose _id, or another unique key, is taken. */
const duplicateKey = 11_000;

export const isDuplicateKey = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === duplicateKey;

/** Inserts the documents whose _id is not taken; those that are there stay as they are. */
export async function insertNew<T extends { _id: string }>(
  collection: mongo.Collection<T>,
  documents: readonly T[],
): Promise<void> {
  if (documents.length === 0) return;
  try {
    // Unordered: the others are inserted though one is refused.
    await collection.insertMany([...documents] as mongo.OptionalUnlessRequiredId<T>[], { ordered: false });
  } catch (error) {
    // Empty where the whole call failed, as it does with a broken connection.
    const refused = [(error as { writeErrors?: unknown }).writeErrors ?? []].flat();
    if (refused.length === 0 || !refused.every(isDuplicateKey)) throw error;
  }
}
