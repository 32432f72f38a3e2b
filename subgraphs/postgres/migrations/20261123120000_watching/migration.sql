-- Ids compare byte by byte (COLLATE "C"), so that pages and lock order do not depend on the server's locale.

CREATE TABLE users (
  id            text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  version       integer NOT NULL CHECK (version > 0),
  event_id      uuid NOT NULL,
  email         text NOT NULL CHECK (email LIKE '_%@_%' AND length(email) <= 254),
  name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  password_hash text CHECK (password_hash LIKE '$argon2id$%'),
  scopes        text[] NOT NULL DEFAULT '{}',
  created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE movies (
  id              text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  version         integer NOT NULL CHECK (version > 0),
  event_id        uuid NOT NULL,
  title           text NOT NULL CHECK (length(title) BETWEEN 1 AND 300),
  synopsis        text NOT NULL CHECK (length(synopsis) <= 5000),
  release_year    integer NOT NULL CHECK (release_year BETWEEN 1888 AND 2200),
  runtime_minutes integer NOT NULL CHECK (runtime_minutes BETWEEN 1 AND 1440),
  genres          text[] NOT NULL,
  tags            text[] NOT NULL,
  licensed_from   date,
  licensed_until  date,
  CHECK (licensed_from <= licensed_until)
);
-- The order of `movies`: newest first; the id makes it total.
CREATE INDEX movies_release_year_id_idx ON movies (release_year DESC, id);
CREATE INDEX movies_genres_idx ON movies USING gin (genres);
CREATE INDEX movies_tags_idx ON movies USING gin (tags);

CREATE TABLE playback (
  user_id          text COLLATE "C" NOT NULL REFERENCES users (id),
  movie_id         text COLLATE "C" NOT NULL REFERENCES movies (id),
  version          integer NOT NULL CHECK (version > 0),
  last_watched_at  timestamptz NOT NULL,
  position_seconds integer NOT NULL CHECK (position_seconds >= 0),
  completed        boolean NOT NULL,
  PRIMARY KEY (user_id, movie_id)
);

CREATE TABLE user_watch (
  event_id         uuid PRIMARY KEY,
  user_id          text COLLATE "C" NOT NULL,
  movie_id         text COLLATE "C" NOT NULL,
  action           text NOT NULL CHECK (action IN ('PLAY', 'PAUSE', 'SEEK', 'STOP')),
  watched_at       timestamptz NOT NULL,
  position_seconds integer NOT NULL CHECK (position_seconds >= 0),
  duration_seconds integer NOT NULL CHECK (duration_seconds >= 0),
  device           text NOT NULL CHECK (device IN ('IPHONE', 'ANDROID', 'TABLET', 'WEB', 'TV')),
  quality          text NOT NULL CHECK (quality IN ('SD', 'HD', 'UHD')),
  idempotency_key  text COLLATE "C" NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 128),
  recorded_at      timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (user_id, movie_id) REFERENCES playback (user_id, movie_id),
  CONSTRAINT user_watch_user_id_idempotency_key_key UNIQUE (user_id, idempotency_key)
);

-- Debezium's outbox router reads id, aggregatetype (the topic), aggregateid (the message's key), type and payload.
CREATE TABLE outbox (
  seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id            uuid NOT NULL CONSTRAINT outbox_id_key UNIQUE,
  aggregatetype text NOT NULL,
  aggregateid   text NOT NULL,
  type          text NOT NULL,
  payload       jsonb NOT NULL,
  actor_id      text,
  -- Who wrote the row: the relay reads only rows of transactions older than every running one, so it never skips a seq.
  xid           xid8 NOT NULL DEFAULT pg_current_xact_id(),
  created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Delivered when the transaction commits.
  PERFORM pg_notify('outbox', '');
  RETURN NULL;
END
$$;
CREATE TRIGGER outbox_notify AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();

CREATE TABLE event_position (
  event_id     uuid PRIMARY KEY,
  type         text NOT NULL,
  actor_id     text,
  topic        text NOT NULL,
  partition    integer NOT NULL CHECK (partition >= 0),
  kafka_offset bigint NOT NULL CHECK (kafka_offset >= 0),
  published_at timestamptz NOT NULL
);
-- Positions are dropped after a week.
CREATE INDEX event_position_published_at_idx ON event_position (published_at);
