/**
 * What the graph promises of its nodes, in order; each can run again. Forward only: a change is a new statement at the end.
 * A uniqueness constraint brings the index by which every query here begins, and without it two parallel MERGEs of one id
 * may make two nodes.
 */
export const migrations: readonly string[] = [
  'CREATE CONSTRAINT user_id IF NOT EXISTS FOR (user:User) REQUIRE user.id IS UNIQUE',
  'CREATE CONSTRAINT movie_id IF NOT EXISTS FOR (movie:Movie) REQUIRE movie.id IS UNIQUE',
  'CREATE CONSTRAINT post_id IF NOT EXISTS FOR (post:Post) REQUIRE post.id IS UNIQUE',
  'CREATE CONSTRAINT tag_name IF NOT EXISTS FOR (tag:Tag) REQUIRE tag.name IS UNIQUE',
];
