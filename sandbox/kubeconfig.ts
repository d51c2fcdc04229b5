import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';

/** Name of the context in every kubeconfig that the sandbox writes. */
export const contextName = 'sandbox';

/**
 * Writes FOLDER/USER.kubeconfig for the client certificate of that name, readable by
 * its owner only, and returns its path.
 */
export async function writeKubeconfig(folder: string, user: string, server: string): Promise<string> {
  const encoded = async (name: string) => (await readFile(path.join(folder, name))).toString('base64');
  const file = path.join(folder, `${user}.kubeconfig`);
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': contextName,
    contexts: [{ name: contextName, context: { cluster: 'sandbox', user, namespace: 'webshop' } }],
    clusters: [{ name: 'sandbox', cluster: { server, 'certificate-authority-data': await encoded('ca.crt') } }],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': await encoded(`${user}.crt`),
          'client-key-data': await encoded(`${user}.key`),
        },
      },
    ],
  };
  await writeFile(file, stringify(content), { mode: 0o600 });
  return file;
}
