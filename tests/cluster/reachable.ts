/** What a program on a laptop finds when it asks for the cluster, and for what is outside. */
import type { LaptopPlace } from './product.ts';
import { run } from './programs.ts';
import { workload } from './workload.ts';

/** Whether the Service of the workload answers a request by its name, within five seconds. */
export async function clusterAnswers(laptop: LaptopPlace): Promise<boolean> {
  const asked = ['curl', '-sS', '-o', '/dev/null', '-m', '5', `http://${workload.http.fullName}/`];
  return (await run(laptop, asked)).code === 0;
}

/** Whether a name that only the office knows leads where it should. */
export async function outsideResolves(laptop: LaptopPlace): Promise<boolean> {
  const { stdout } = await run(laptop, ['getent', 'ahostsv4', 'www.example.test']);
  return stdout.includes(workload.outside['www.example.test']);
}
