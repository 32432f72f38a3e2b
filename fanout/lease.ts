import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import { isDuplicateKey } from '../subgraphs/mongo/insert-new.ts';
import { collections } from '../subgraphs/mongo/outbox.ts';

/**
 * The right to work for a while, in a document that at most one holds. It keeps two relays from doing the same work; a holder
 * that stalls beyond its time does not notice, so what it goes on with must be harmless.
 */
export interface Lease {
  /** Takes the lease where it is free, and keeps it where it is held; tells whether it is held. */
  hold(): Promise<boolean>;
  /** Gives it up, so that the next can take it at once. */
  release(): Promise<void>;
}

interface LeaseDocument {
  _id: string;
  owner: string;
  until: Date;
}

const usualLeaseMs = 5_000;
const renewBeforeMs = 3_000;

/**
 * A lease of MongoDB, for whoever calls this.
 * @param leaseMs how long it lasts where it is neither renewed nor given up
 */
export function createLease(db: mongo.Db, name: string, leaseMs = usualLeaseMs): Lease {
  const owner = randomUUID();
  const leases = db.collection<LeaseDocument>(collections.leases);
  let until = 0;
  return {
    async hold() {
      const now = Date.now();
      if (now < until - renewBeforeMs) return true;
      try {
        // Where somebody else holds it, nothing matches, and the upsert meets their document's _id.
        await leases.findOneAndUpdate(
          { _id: name, $or: [{ owner }, { until: { $lt: new Date(now) } }] },
          { $set: { owner, until: new Date(now + leaseMs) } },
          { upsert: true },
        );
        until = now + leaseMs;
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        until = 0;
        return false;
      }
    },
    async release() {
      await leases.deleteOne({ _id: name, owner });
    },
  };
}
