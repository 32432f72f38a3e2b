// The writes of posts, what belongs to them, and profiles. Each validates first; what it changes and its event are one document.
export { type AddComment, addComment, type WrittenComment } from './commands/add-comment.ts';
export { type DeletedPost, type DeletePost, deletePost, type EditPost, editPost } from './commands/change-post.ts';
export { type CreatePost, createPost, type WrittenPost } from './commands/create-post.ts';
export { type ImportedComment, importComments } from './commands/import-comments.ts';
export { type ImportedPost, importPosts } from './commands/import-posts.ts';
export { type ImportedProfile, importProfiles } from './commands/import-profiles.ts';
export { type ReportPost, reportPost, type WrittenReport } from './commands/report-post.ts';
export { type UpdateProfile, updateProfile, type WrittenProfile } from './commands/update-profile.ts';
export { type VotePoll, voteId, votePoll, type WrittenVote } from './commands/vote-poll.ts';
