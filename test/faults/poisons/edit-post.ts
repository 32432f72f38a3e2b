import { askWhole } from '../../harness.ts';

/** Edits a post through the graph and gives the event's id. */
export async function editPost(token: string, input: { postId: string; title: string }): Promise<string> {
  const query = 'mutation ($input: EditPostInput!) { editPost(input: $input) { event { id } } }';
  return (await askWhole(query, { token, variables: { input } })).editPost.event.id;
}
