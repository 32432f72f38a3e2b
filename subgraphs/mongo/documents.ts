import { Schema } from 'mongoose';
import { attachmentTypes, type reportReasons } from '../../schema/events/post.ts';
import type { OutboxEntry } from './outbox.ts';

export interface Attachment {
  type: (typeof attachmentTypes)[number];
  /** Null where an upload is attached. */
  url: string | null;
  title: string | null;
  /** The upload in the media bucket; absent where the attachment is elsewhere. */
  uploadId?: string;
}

/** What a post asks its readers. Only the counts change. */
export interface Poll {
  options: PollOption[];
  /** When it takes no more votes; null: never. */
  closesAt: Date | null;
}

export interface PollOption {
  text: string;
  /** How many rows `poll_votes` has, or is about to have, for it. */
  votes: number;
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
  /** Absent, or null, where it asks nothing. */
  poll?: Poll | null;
  /** Raised by every event of the post: comments, votes and reports included. */
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

/** A document of `poll_votes`: one for each viewer and post, for good. */
export interface VoteDocument {
  /** `post/user`. */
  _id: string;
  postId: string;
  userId: string;
  /** The place of the option in the poll, from 0. */
  option: number;
  votedAt: Date;
  eventId: string;
}

/** A document of `post_reports`: one for each viewer and post, for good. */
export interface ReportDocument {
  /** `post/user`. */
  _id: string;
  postId: string;
  reporterId: string;
  reason: (typeof reportReasons)[number];
  /** Empty where the reason says it all. */
  details: string;
  reportedAt: Date;
  eventId: string;
}

/** What somebody tells of themselves. */
export interface ProfileContent {
  bio: string;
  links: ProfileLink[];
  /** Tags, as those of films and posts. */
  interests: string[];
}

export interface ProfileLink {
  title: string;
  url: string;
}

/** A document of `profiles`, with an outbox of its own. */
export interface ProfileDocument extends ProfileContent {
  /** The user's id. */
  _id: string;
  changedAt: Date;
  version: number;
  /** Its newest event. */
  eventId: string;
  outbox: OutboxEntry[];
}

const text = { type: String, required: true };
/** May be empty, as it is in a tombstone. */
const content = { type: String, default: '' };
const instant = { type: Date, required: true };
/** Events are checked by their own schemas when they are made. */
const event = Schema.Types.Mixed;
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
          url: { type: String, default: null },
          title: { type: String, default: null },
          uploadId: String,
        },
        plain,
      ),
    ],
    tags: [String],
    poll: new Schema<Poll>(
      {
        options: [new Schema<PollOption>({ text, votes: { type: Number, required: true, min: 0 } }, plain)],
        closesAt: { type: Date, default: null },
      },
      plain,
    ),
    createdAt: instant,
    editedAt: { type: Date, default: null },
    deletedAt: { type: Date, default: null },
    isDeleted: { type: Boolean, default: false },
    version: { type: Number, required: true, min: 1 },
    change: new Schema({ version: { type: Number, required: true }, eventId: text }, plain),
    creation: { type: new Schema({ eventId: text, fingerprint: text }, plain), default: null },
    outbox: [event],
  },
  plain,
);

export const commentSchema = new Schema<CommentDocument>(
  { _id: text, postId: text, authorId: text, body: text, createdAt: instant, eventId: text },
  plain,
);

export const profileSchema = new Schema<ProfileDocument>(
  {
    _id: text,
    bio: content,
    links: [new Schema<ProfileLink>({ title: text, url: text }, plain)],
    interests: [String],
    changedAt: instant,
    version: { type: Number, required: true, min: 1 },
    eventId: text,
    outbox: [event],
  },
  plain,
);
