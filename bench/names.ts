/** Gives a film as lists name it, by its id. */
export function titledBy(films: readonly { id: string; title: string }[]) {
  const titles = new Map(films.map(({ id, title }) => [id, title]));
  return (id: string) => ({ id, title: titles.get(id) });
}

/** Gives a user as lists name them, by their id. */
export function namedBy(users: readonly { id: string; name: string }[]) {
  const names = new Map(users.map(({ id, name }) => [id, name]));
  return (id: string) => ({ id, name: names.get(id) });
}

export type Titled = ReturnType<typeof titledBy>;
export type Named = ReturnType<typeof namedBy>;
