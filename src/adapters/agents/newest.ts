/** Keeps it as the newest of at most `most`: what others name may be new each time, and the oldest is forgotten. */
export function keepNewest<V>(map: Map<string, V>, key: string, value: V, most = 1_000): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
