/**
 * Finds host names in text of any kind. A name with dots is also how files, API groups, Services and members of programs
 * are written, so what its last label is decides. Pure.
 */

/** Domains of countries (ISO 3166-1 and the few besides, as the root zone has them). */
const countries =
  'ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gt gu gw gy hk hm hn hr ht hu ie il im in io iq ir it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc me mg mh mk ml mm mn mo mp mq mr mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf ph pk pm pn pr pt pw qa re ro ru rw sa sb sc sd se sg si sk sl sm sn sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw';
/** Generic domains that companies use, and endings of private networks (RFC 6762 appendix G, RFC 8375, RFC 9476). */
const generic =
  'com net org biz edu gov mil aero coop museum travel tel asia cat arpa app dev cloud tech online shop xyz top icu vip agency studio solutions software hosting website company international consulting engineering energy finance financial bank insurance capital foundation london berlin paris tokyo nyc amsterdam hamburg wien swiss bayern google amazon aws microsoft azure apple health care academy school university digital social email chat games ai corp lan home internal intranet private local localdomain invalid onion alt example';
/** Endings that are also words of programs and of Kubernetes: a host only where a label before looks like a machine's. */
const wordy = new Set(
  'int name info pro mobi jobs host link group test domain data new code tools run build pages page news one works work today space zone team center systems services network computer design media site store box fund global management clinic education'.split(
    ' ',
  ),
);
/** Endings of countries that files have, too. */
const files = new Set('md sh rs py pl ps so tf'.split(' '));
/** Where objects of Kubernetes and of programs begin: what follows is a path through them. */
const members =
  /^(?:metadata|spec|status|data|rules|subjects|involvedobject|this|self|process|event|error|request|response|context|object|item|items|node|pod|user|console|module|window|document)$/;
const endings = new Set(`${countries} ${generic}`.split(' '));

/** Hosts that everybody has: code, images, API groups, cloud software that a report is read by. */
export const everybodys =
  /(?:^|\.)(?:k8s\.io|kubernetes\.io|docker\.io|docker\.com|quay\.io|ghcr\.io|gcr\.io|projectcalico\.org|cilium\.io|istio\.io|linkerd\.io|openshift\.io|cncf\.io|golang\.org|go\.dev|gvisor\.dev|zx2c4\.com|github\.com|gopkg\.in|npmjs\.com|nodejs\.org|electronjs\.org|freedesktop\.org|slipway\.invalid)$/i;

const candidate =
  /(?:(?<![\w.@/-]|\\)|(?<=\*\.))(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z]{2,24}(?![\w-]|\.[A-Za-z0-9])\.?/g;
/** Behind a slash or an at sign names are hosts only in references of images and addresses: the rest is a path. */
const afterSlashes =
  /(?<=\/\/|@|\[)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z]{2,24}(?![\w-]|\.[A-Za-z0-9])/g;

export interface HostNames {
  /** Namespaces of the cluster: `orders.shop` is a Service where `shop` is one. Lower case. */
  readonly namespaces: ReadonlySet<string>;
}

/** Names of Services are what a report is about; what a cluster's domain is called says whose it is. */
const ofCluster = /^((?:[\w-]+\.)*(?:svc|pod))(?:\.(.+))?$/i;

/** The text with each host name replaced; `replace` gets the name without a closing dot. */
export function replaceHostNames(text: string, { namespaces }: HostNames, replace: (host: string) => string): string {
  const judge = (found: string) => {
    const host = found.replace(/\.$/, '');
    const rootDot = found.slice(host.length);
    return `${judged(host)}${rootDot}`;
  };
  const judged = (host: string) => {
    const lower = host.toLowerCase();
    if (everybodys.test(host) || /(?:^|\.)cluster\.local$/.test(lower)) {
      return host;
    }
    const [, front, domain] = ofCluster.exec(host) ?? [];
    if (front !== undefined) {
      return domain === undefined ? host : `${front}.${replace(domain)}`;
    }
    const labels = lower.split('.');
    const last = labels.at(-1) ?? '';
    const isService = labels.length === 2 && namespaces.has(last);
    return isService || !isHost(labels, last) ? host : replace(host);
  };
  return text.replace(candidate, judge).replace(afterSlashes, judge);
}

function isHost(labels: readonly string[], last: string): boolean {
  if (members.test(labels[0] ?? '') || (labels.length === 2 && files.has(last))) {
    return false;
  }
  return endings.has(last) || (wordy.has(last) && labels.slice(0, -1).some((label) => /[\d-]/.test(label)));
}
