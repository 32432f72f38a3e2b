// The writes of the source of truth. Each validates first, then writes rows and their events in one transaction, or nothing.
export { type BlockState, changeBlock } from './commands/change-block.ts';
export { changeFollow, changeFollows, type FollowInput, type FollowState } from './commands/change-follows.ts';
export { changeLike, changeLikes, type LikeInput, type LikeState } from './commands/change-likes.ts';
export { changeMovies, type MovieInput } from './commands/change-movies.ts';
export { type ImportedUser, importUsers } from './commands/import-users.ts';
export { login } from './commands/login.ts';
export { type RecordedWatch, type RecordWatch, recordWatch, recordWatches } from './commands/record-watch.ts';
export { signUp } from './commands/sign-up.ts';
