-- Who blocks whom. As with follows, an edge that was ended stays, with its version and `false`.

CREATE TABLE block (
  blocker_id text COLLATE "C" NOT NULL REFERENCES users (id),
  blocked_id text COLLATE "C" NOT NULL REFERENCES users (id),
  version    integer NOT NULL CHECK (version > 0),
  event_id   uuid NOT NULL,
  blocks     boolean NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (blocker_id, blocked_id),
  CHECK (blocker_id <> blocked_id)
);
