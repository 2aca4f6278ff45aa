type Node = { readonly id: string; readonly dependsOn: readonly string[] };

/**
 * The ids in an order in which each comes after all that it depends on, otherwise as given; `cycle` holds those that
 * wait for each other and so never come up.
 */
export function taskOrder(nodes: readonly Node[]): {
  readonly order: readonly string[];
  readonly cycle: readonly string[];
} {
  const done = new Set<string>();
  let waiting = nodes;
  while (waiting.length > 0) {
    const ready = waiting.find(({ dependsOn }) => dependsOn.every((id) => done.has(id)));
    if (!ready) break;
    done.add(ready.id);
    waiting = waiting.filter((node) => node !== ready);
  }
  return { order: [...done], cycle: waiting.map(({ id }) => id) };
}

/** All that comes before `id`, the nearest first: breadth first over depends_on. */
export function ancestorsOf(id: string, nodes: readonly Node[]): readonly string[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const found = new Set<string>();
  let level: readonly string[] = byId.get(id)?.dependsOn ?? [];
  while (level.length > 0) {
    const fresh = [...new Set(level)].filter((each) => each !== id && !found.has(each));
    for (const each of fresh) found.add(each);
    level = fresh.flatMap((each) => byId.get(each)?.dependsOn ?? []);
  }
  return [...found];
}
