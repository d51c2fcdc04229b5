/** Names of contexts as tools write them, short where their beginning says the same of all. */

/** What tells such a name apart, the shortest first; null where the name is short by itself. */
type Shorten = (name: string) => readonly string[] | null;

/** `aws eks update-kubeconfig`: arn:PARTITION:eks:REGION:ACCOUNT:cluster/NAME (AWS, Actions for Amazon EKS). */
const ofEks: Shorten = (name) => {
  const [, region, account, cluster] = /^arn:[^:]*:eks:([^:]*):([^:]*):cluster\/(.+)$/.exec(name) ?? [];
  return cluster === undefined ? null : [cluster, `${cluster} (${region})`, `${cluster} (${region}, ${account})`];
};

/** `gcloud container clusters get-credentials`: gke_PROJECT_LOCATION_NAME. */
const ofGke: Shorten = (name) => {
  const [, project, location, cluster] = /^gke_([^_]+)_([^_]+)_(.+)$/.exec(name) ?? [];
  return cluster === undefined ? null : [cluster, `${cluster} (${location})`, `${cluster} (${project}, ${location})`];
};

/** A short name for each; where two would be called the same each says more, and the whole name where that does not help. */
export function shortContextNames(names: readonly string[]): ReadonlyMap<string, string> {
  const ways = new Map([...new Set(names)].map((name) => [name, ofEks(name) ?? ofGke(name) ?? [name]] as const));
  const short = new Map<string, string>();
  for (const [name, forms] of ways) {
    const isTaken = (form: string) =>
      [...ways].some(([other, others]) => other !== name && (other === form || others.includes(form)));
    short.set(name, forms.find((form) => !isTaken(form)) ?? name);
  }
  return short;
}
