-- Who follows whom and who likes what. An edge that was ended stays, with its version and `false`: the next one goes on from it.

CREATE TABLE follow (
  follower_id text COLLATE "C" NOT NULL REFERENCES users (id),
  followee_id text COLLATE "C" NOT NULL REFERENCES users (id),
  version     integer NOT NULL CHECK (version > 0),
  event_id    uuid NOT NULL,
  follows     boolean NOT NULL,
  changed_at  timestamptz NOT NULL,
  PRIMARY KEY (follower_id, followee_id),
  CHECK (follower_id <> followee_id)
);

CREATE TABLE user_like (
  user_id    text COLLATE "C" NOT NULL REFERENCES users (id),
  kind       text COLLATE "C" NOT NULL CHECK (kind IN ('POST', 'MOVIE', 'TAG')),
  -- The id of a post or a movie, or the tag itself. Posts are MongoDB's: no foreign key can hold them.
  target_id  text COLLATE "C" NOT NULL,
  version    integer NOT NULL CHECK (version > 0),
  event_id   uuid NOT NULL,
  likes      boolean NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, kind, target_id),
  CHECK (CASE kind WHEN 'TAG' THEN length(target_id) BETWEEN 1 AND 100 ELSE target_id ~ '^[A-Za-z0-9_-]{1,128}$' END)
);

-- What the film is called elsewhere.
ALTER TABLE movies ADD COLUMN imdb_id text, ADD COLUMN tmdb_id text;
