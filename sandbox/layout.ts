import path from 'node:path';
import { type AddressPlan, byLaptop, planAddresses } from './address-plan.ts';
import { type LaptopName, type SandboxSettings, stateFolder } from './options.ts';
import { Space } from './space.ts';

/** Where everything of one sandbox is: its folders, its cgroup, its spaces. Knows names only and does nothing. */
export class Layout {
  readonly settings: SandboxSettings;
  readonly plan: AddressPlan;
  readonly state: string;
  readonly logs: string;
  readonly certificates: string;
  /** Path below each cgroup hierarchy. */
  readonly cgroup: string;
  readonly kubeconfig: string;
  readonly lan: Space;
  readonly controlPlane: Space;
  readonly nodes: readonly Space[];
  readonly laptops: Readonly<Record<LaptopName, Space>>;

  constructor(settings: SandboxSettings) {
    this.settings = settings;
    this.plan = planAddresses(settings);
    this.state = stateFolder(settings.name);
    this.logs = path.join(this.state, 'logs');
    this.certificates = path.join(this.state, 'certificates');
    this.cgroup = `/slipway-${settings.name}`;
    this.kubeconfig = path.join(this.certificates, 'admin.kubeconfig');
    const space = (name: string) => new Space(name, { state: this.state, logs: this.logs });
    this.lan = space('lan');
    this.controlPlane = space('control-plane');
    this.nodes = Array.from({ length: settings.nodes }, (_, index) => space(`node${index + 1}`));
    this.laptops = byLaptop((name) => space(`laptop-${name}`));
  }

  get spaces(): Space[] {
    return [...Object.values(this.laptops), ...this.nodes, this.controlPlane, this.lan];
  }

  /** What the audit log of the API server is told to have in it. */
  get auditPolicy(): string {
    return path.join(this.state, 'audit-policy.yaml');
  }

  /** A line per object that somebody other than the cluster itself made: JSON of audit.k8s.io/v1. */
  get auditLog(): string {
    return path.join(this.logs, 'audit.log');
  }

  /** The version of the parts that a running sandbox is made of, see sandbox.ts. */
  get versionFile(): string {
    return path.join(this.state, 'version');
  }

  get settingsFile(): string {
    return path.join(this.state, 'settings.json');
  }

  /** Where the office resolver writes each query that it gets: time, asker, transport, type, name. */
  get officeQueries(): string {
    return path.join(this.logs, 'office-queries.log');
  }
}
