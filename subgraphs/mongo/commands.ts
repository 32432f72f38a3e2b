// The writes of posts and comments. Each validates first; what it changes and the event that tells of it are one document.
export { type AddComment, addComment, type WrittenComment } from './commands/add-comment.ts';
export { type DeletedPost, type DeletePost, deletePost, type EditPost, editPost } from './commands/change-post.ts';
export { type CreatePost, createPost, type WrittenPost } from './commands/create-post.ts';
export { type ImportedComment, importComments } from './commands/import-comments.ts';
export { type ImportedPost, importPosts } from './commands/import-posts.ts';
