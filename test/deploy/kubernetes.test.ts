import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { loadSettings } from '#settings/load-settings.ts';
import { variables } from '#settings/variables.ts';
import { describeWhere, programNamed } from '#test/support/where.ts';
import { configMap, configMapFile } from '../../k8s/configmap.ts';
import { baseResources, documentsIn, ofKind, top, yamlFilesBelow, type Manifest } from './manifests.ts';

const models: { readonly [kind: string]: new (manifest: Manifest) => { readonly validate: () => void } } = {
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  NetworkPolicy,
  PodDisruptionBudget,
  Secret,
  Service,
  ServiceAccount,
};
/** Not of Kubernetes itself: kustomize's own, and the Prometheus Operator's. */
const others = new Set(['Kustomization', 'Component', 'ServiceMonitor']);
/** What an overlay changes is a part of a manifest, which no schema takes for a whole one. */
const isPatch = (file: string): boolean => file.includes('/overlays/') && !/\/(ingress|secrets)\.yaml$/.test(file);

const deployment = (): Manifest => ofKind('Deployment');
const container = (): Manifest => deployment().spec.template.spec.containers[0];
const label = { app: 'journey-orchestrator' };

describe('the Kubernetes manifests', () => {
  test('are what the API of Kubernetes takes', () => {
    const whole = yamlFilesBelow('k8s').filter((file) => !isPatch(file));
    expect(whole.length).toBeGreaterThan(8);
    for (const file of whole)
      for (const manifest of documentsIn(file)) {
        if (others.has(manifest.kind)) continue;
        const Model = models[manifest.kind];
        if (!Model) throw new Error(`${file} has a ${manifest.kind}, which no test knows.`);
        expect(() => new Model(manifest).validate(), `${file}, ${manifest.kind}`).not.toThrow();
      }
  });

  test('S113 S114 S115: the Deployment stands where the guide says, with its names, labels and three replicas', () => {
    expect(realpathSync(join(top, 'k8s/journey-orchestrator-deployment.yaml'))).toBe(
      join(top, 'k8s/base/journey-orchestrator-deployment.yaml'),
    );
    const { apiVersion, metadata, spec } = deployment();
    expect({ apiVersion, ...metadata }).toMatchObject({
      apiVersion: 'apps/v1',
      name: 'journey-orchestrator',
      namespace: 'a-domain',
    });
    expect(spec.replicas).toBe(3);
    expect(spec.selector.matchLabels).toEqual(label);
    expect(spec.template.metadata.labels).toEqual(label);
  });

  test('S115: whatever selects Pods selects by the labels that the Pods have', () => {
    const selectors = [
      ofKind('Service').spec.selector,
      ofKind('PodDisruptionBudget').spec.selector.matchLabels,
      ofKind('NetworkPolicy').spec.podSelector.matchLabels,
      deployment().spec.template.spec.topologySpreadConstraints[0].labelSelector.matchLabels,
    ];
    for (const selector of selectors) expect(selector).toEqual(label);
    expect(ofKind('HorizontalPodAutoscaler').spec.scaleTargetRef).toMatchObject({
      kind: 'Deployment',
      name: deployment().metadata.name,
    });
  });

  test('S116 S118: the container has the guide’s name, image, port and resources', () => {
    expect(container()).toMatchObject({
      name: 'orchestrator',
      image: 'a-domain/journey-orchestrator:1.0.0',
      ports: [{ containerPort: 8080, name: 'http' }],
      resources: { requests: { cpu: '500m', memory: '512Mi' }, limits: { cpu: '2000m', memory: '2Gi' } },
    });
  });

  test('S117: every variable that it sets is one that the product knows, and those of the guide are all there', () => {
    const set = [
      ...Object.keys(
        ofKind(
          'ConfigMap',
          baseResources().filter(({ metadata }) => metadata.name === 'journey-orchestrator-env'),
        ).data,
      ),
      ...container().env.map(({ name }: Manifest) => name as string),
    ];
    const known = new Map(variables.map((one) => [one.name, one]));
    expect(set.filter((name) => !known.has(name))).toEqual([]);
    const secrets = container().env.map(({ name }: Manifest) => name as string);
    expect(
      secrets.filter((name: string) => known.get(name)?.secret !== true),
      'secrets come from Secrets, and nothing else does',
    ).toEqual([]);
    for (const name of ['JOURNEY_STATE_DB_HOST', 'JOURNEY_STATE_DB_PASSWORD', 'PROTOCOL_BROKER_HOST'])
      expect(set, 'the guide’s own').toContain(name);
    // A user that may migrate is the choice of an overlay.
    const secretsOfTheServer = variables.filter(
      ({ name, secret, usedBy }) => secret && usedBy === 'server' && name !== 'JOURNEY_STATE_DB_MIGRATION_PASSWORD',
    );
    expect(set).toEqual(expect.arrayContaining(secretsOfTheServer.map(({ name }) => name)));
    expect(container().env.find(({ name }: Manifest) => name === 'JOURNEY_STATE_DB_PASSWORD')).toMatchObject({
      valueFrom: { secretKeyRef: { name: 'journey-db-credentials', key: 'password' } },
    });
  });

  test('S117: every Secret that it names has an example', () => {
    const examples = new Map(
      documentsIn('k8s/secrets.example.yaml').map(({ metadata, stringData }) => [metadata.name, stringData]),
    );
    for (const { valueFrom } of container().env) {
      const { name, key } = valueFrom.secretKeyRef;
      expect(Object.keys(examples.get(name) ?? {}), `the Secret ${name}`).toContain(key);
    }
  });

  test('S119 S120: the probes ask what is served, in the guide’s rhythm; a start may take five minutes', () => {
    const { livenessProbe, readinessProbe, startupProbe } = container();
    expect(livenessProbe).toEqual({
      httpGet: { path: '/health', port: 8080 },
      initialDelaySeconds: 30,
      periodSeconds: 10,
    });
    expect(readinessProbe).toEqual({
      httpGet: { path: '/ready', port: 8080 },
      initialDelaySeconds: 10,
      periodSeconds: 5,
    });
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBe(300);
  });

  test('S121: the configuration is mounted as a whole folder, so that a change reaches the running process', () => {
    const mount = container().volumeMounts.find(({ name }: Manifest) => name === 'config');
    expect(mount).toEqual({ name: 'config', mountPath: '/app/config', readOnly: true });
    expect(deployment().spec.template.spec.volumes).toContainEqual({
      name: 'config',
      configMap: { name: 'journey-orchestrator-config' },
    });
  });

  test('S122: nothing runs as root, writes to its root, or speaks to the cluster; a rollout never has fewer than three', () => {
    const { spec, strategy } = { ...deployment().spec.template, strategy: deployment().spec.strategy };
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      serviceAccountName: ofKind('ServiceAccount').metadata.name,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(container().securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(strategy.rollingUpdate.maxUnavailable).toBe(0);
    expect(ofKind('ServiceAccount').automountServiceAccountToken).toBe(false);
    const writable = container().volumeMounts.filter(({ readOnly }: Manifest) => readOnly !== true);
    const empty = spec.volumes
      .filter((volume: Manifest) => volume.emptyDir)
      .map(({ name }: Manifest) => name as string);
    expect(writable.map(({ name }: Manifest) => name as string).toSorted()).toEqual(empty.toSorted());
  });

  test('S122: a Pod is given longer to stop than its pause and its drain take', () => {
    const pause = Number(container().lifecycle.preStop.exec.command[1]);
    expect(deployment().spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(pause + 25);
  });

  test('S122: nothing comes in but on the port that is served', () => {
    const { policyTypes, ingress } = ofKind('NetworkPolicy').spec;
    expect(policyTypes).toEqual(['Ingress', 'Egress']);
    expect(ingress).toEqual([{ ports: [{ port: 8080, protocol: 'TCP' }] }]);
  });

  test('S123: the Service is the guide’s', () => {
    expect(ofKind('Service').spec).toEqual({
      selector: label,
      ports: [{ port: 8080, targetPort: 8080, name: 'http' }],
      type: 'ClusterIP',
    });
  });

  test('S124: the ConfigMap holds the files of config/ to the letter, under a stable name, and the loader takes them', () => {
    expect(readFileSync(configMapFile, 'utf8'), 'node k8s/configmap.ts writes it').toBe(configMap());
    const [{ metadata, data }] = documentsIn('k8s/base/journey-orchestrator-config.yaml') as [Manifest];
    expect(metadata.name).toBe('journey-orchestrator-config');
    expect(Object.keys(data)).toEqual(
      expect.arrayContaining(['journey-orchestrator.yaml', 'stages.yaml', 'unit-of-work-templates.yaml']),
    );
    const folder = mkdtempSync(join(tmpdir(), 'journey-configmap-'));
    try {
      for (const [file, text] of Object.entries(data as Record<string, string>))
        writeFileSync(join(folder, file), text);
      expect(loadSettings({ env: {}, configDir: folder }).document).toEqual(
        loadSettings({ env: {}, configDir: join(top, 'config') }).document,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const kubectl = programNamed('kubectl');
const rendered = (folder: string): readonly Manifest[] =>
  loadAll(
    execFileSync(kubectl ?? 'kubectl', ['kustomize', join(top, folder)], { encoding: 'utf8' }),
  ) as readonly Manifest[];

describeWhere(kubectl !== undefined, 'overlays, rendered by kubectl kustomize', 'there is no kubectl here', () => {
  test('S123: production adds an Ingress to the Service, and keeps the rest', () => {
    const manifests = rendered('k8s/overlays/production');
    const { rules } = ofKind('Ingress', manifests).spec;
    expect(rules[0].http.paths[0].backend.service).toEqual({ name: 'journey-orchestrator', port: { name: 'http' } });
    expect(ofKind('Deployment', manifests)).toEqual(deployment());
    const environment = manifests.find(({ metadata }) => metadata.name === 'journey-orchestrator-env');
    expect(environment.data).toMatchObject({
      JOURNEY_STATE_STORE: 'postgresql',
      JOURNEY_STATE_DB_SSLMODE: 'verify-full',
    });
  });

  test('dev is one replica on the embedded database, which only one process may have', () => {
    const manifests = rendered('k8s/overlays/dev');
    expect(ofKind('Deployment', manifests).spec.replicas).toBe(1);
    expect(manifests.some(({ kind }) => kind === 'HorizontalPodAutoscaler')).toBe(false);
    const environment = manifests.find(({ metadata }) => metadata.name === 'journey-orchestrator-env');
    expect(environment.data.JOURNEY_STATE_STORE).toBe('embedded');
  });

  test('every overlay is taken by the API of Kubernetes as a whole', () => {
    for (const folder of ['k8s/base', 'k8s/overlays/dev', 'k8s/overlays/production'])
      for (const manifest of rendered(folder)) {
        const Model = models[manifest.kind];
        if (!Model) throw new Error(`${folder} renders a ${manifest.kind}, which no test knows.`);
        expect(() => new Model(manifest).validate(), `${folder}, ${manifest.kind}`).not.toThrow();
      }
  });
});
