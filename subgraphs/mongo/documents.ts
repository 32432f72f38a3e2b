import { Schema } from 'mongoose';
import { attachmentTypes } from '../../schema/events/post.ts';
import type { OutboxEntry } from './outbox.ts';

export interface Attachment {
  type: (typeof attachmentTypes)[number];
  url: string;
  title: string | null;
}

/** What an author can change. */
export interface PostContent {
  title: string;
  body: string;
  attachments: Attachment[];
  tags: string[];
}

/** A document of `posts`. A deleted one stays as a tombstone, without its content. */
export interface PostDocument extends PostContent {
  _id: string;
  authorId: string;
  movieId: string | null;
  createdAt: Date;
  editedAt: Date | null;
  deletedAt: Date | null;
  /** Says what `deletedAt` says; an index holds it, which could not answer whether a date is null by itself. */
  isDeleted: boolean;
  /** Raised by every event of the post, comments included. */
  version: number;
  /** The last change or deletion: its version and its event. */
  change: { version: number; eventId: string };
  /** The call that created it; null where the demo data did. */
  creation: { eventId: string; fingerprint: string } | null;
  outbox: OutboxEntry[];
}

/** A document of `comments`. */
export interface CommentDocument {
  _id: string;
  postId: string;
  authorId: string;
  body: string;
  createdAt: Date;
  eventId: string;
}

const text = { type: String, required: true };
/** Empty in a tombstone. */
const content = { type: String, default: '' };
const instant = { type: Date, required: true };
const plain = { _id: false, versionKey: false, strict: 'throw', minimize: false } as const;

export const postSchema = new Schema<PostDocument>(
  {
    _id: text,
    authorId: text,
    movieId: { type: String, default: null },
    title: content,
    body: content,
    attachments: [
      new Schema<Attachment>(
        {
          type: { type: String, enum: attachmentTypes, required: true },
          url: text,
          title: { type: String, default: null },
        },
        plain,
      ),
    ],
    tags: [String],
    createdAt: instant,
    editedAt: { type: Date, default: null },
    deletedAt: { type: Date, default: null },
    isDeleted: { type: Boolean, default: false },
    version: { type: Number, required: true, min: 1 },
    change: new Schema({ version: { type: Number, required: true }, eventId: text }, plain),
    creation: { type: new Schema({ eventId: text, fingerprint: text }, plain), default: null },
    // Events are checked by their own schemas when they are made.
    outbox: [Schema.Types.Mixed],
  },
  plain,
);

export const commentSchema = new Schema<CommentDocument>(
  { _id: text, postId: text, authorId: text, body: text, createdAt: instant, eventId: text },
  plain,
);
