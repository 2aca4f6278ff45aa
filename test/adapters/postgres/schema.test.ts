import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, freshEmbedded, type FreshDatabase } from '#test/support/postgres/fresh.ts';

type Column = { readonly type: string; readonly nullable: boolean; readonly default: string | null };

/** The guide's section 4.1 as the acceptance list resolves it, read from the catalogue of a migrated database. */
describe.each([
  ['a PostgreSQL server', () => freshDatabase()],
  ['the embedded database', () => freshEmbedded()],
] as const)('the schema on %s', (_name, fresh) => {
  let at: FreshDatabase;
  beforeAll(async () => {
    at = await fresh();
  }, 60_000);
  afterAll(() => at.drop());

  async function columnsOf(table: string): Promise<Readonly<Record<string, Column>>> {
    const rows = await at.database.query<Column & { name: string }>(
      `select column_name as name, is_nullable = 'YES' as nullable, column_default as default,
         case data_type when 'character varying' then 'varchar(' || character_maximum_length || ')'
           when 'ARRAY' then trim(leading '_' from udt_name) || '[]' when 'timestamp with time zone' then 'timestamptz' else data_type end as type
       from information_schema.columns where table_schema = 'public' and table_name = $1`,
      [table],
    );
    return Object.fromEntries(rows.map(({ name, ...column }) => [name, column]));
  }
  const typesOf = async (table: string): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(
      Object.entries(await columnsOf(table)).map(([name, { type, nullable }]) => [
        name,
        nullable ? type : `${type} not null`,
      ]),
    );
  const indexes = async (): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(
      (
        await at.database.query<{ name: string; definition: string }>(
          `select indexname as name, regexp_replace(indexdef, '^.* ON public\\.', '') as definition from pg_indexes where schemaname = 'public'`,
        )
      ).map(({ name, definition }) => [name, definition]),
    );
  const constraints = async (table: string): Promise<readonly string[]> =>
    (
      await at.database.query<{ definition: string }>(
        'select pg_get_constraintdef(oid) as definition from pg_constraint where conrelid = $1::regclass order by 1',
        [table],
      )
    ).map(({ definition }) => definition);
  const code = async (sql: string): Promise<unknown> =>
    at.database.query(sql).then(
      () => 'done',
      (error: { code?: string }) => error.code,
    );

  test('S99: journey_states has the columns of the guide, client_id as its key, and what a journey needs besides', async () => {
    expect(await typesOf('journey_states')).toMatchObject({
      client_id: 'varchar(255) not null',
      current_stage: 'varchar(50) not null',
      previous_stage: 'varchar(50)',
      started_at: 'timestamptz not null',
      stage_started_at: 'timestamptz not null',
      completed_stages: 'text[] not null',
      metadata: 'jsonb not null',
      status: 'varchar(20) not null',
      version: 'integer not null',
      stage_entry: 'integer not null',
      run: 'integer not null',
      config_hash: 'varchar(64) not null',
      inputs: 'jsonb not null',
      paused_at: 'timestamptz',
    });
    expect(await constraints('journey_states')).toContain('PRIMARY KEY (client_id)');
  });

  test('S100: every instant has a time zone', async () => {
    const without = await at.database.query(
      `select table_name, column_name from information_schema.columns
       where table_schema = 'public' and data_type = 'timestamp without time zone' and table_name <> 'schema_migrations'`,
    );
    expect(without).toEqual([]);
  });

  test.each([
    ['journey_states', 'created_at'],
    ['journey_states', 'updated_at'],
    ['unit_of_works', 'created_at'],
  ])('S101: %s.%s is always there, and nothing but what is said', async (table, column) => {
    expect((await columnsOf(table))[column]).toEqual({ type: 'timestamptz', nullable: false, default: null });
  });

  test('S101: no default asks for the time, and no trigger keeps it', async () => {
    const asking = await at.database.query(
      `select table_name, column_name from information_schema.columns
       where table_schema = 'public' and column_default ~* 'now|current|clock' and table_name <> 'schema_migrations'`,
    );
    const triggers = await at.database.query(`select tgname from pg_trigger where not tgisinternal`);
    expect({ asking, triggers }).toEqual({ asking: [], triggers: [] });
  });

  test.each([
    ['S102', 'idx_journey_current_stage', 'journey_states USING btree (current_stage)'],
    ['S103', 'idx_journey_started_at', 'journey_states USING btree (started_at)'],
    ['S106', 'idx_uow_client_id', 'unit_of_works USING btree (client_id, stage)'],
    ['S109', 'idx_transitions_client_id', 'stage_transitions USING btree (client_id, transitioned_at DESC)'],
    ['S110', 'idx_transitions_timestamp', 'stage_transitions USING btree (transitioned_at DESC)'],
  ])('%s: the index %s is on %s', async (_id, name, definition) => {
    expect((await indexes())[name]).toBe(definition);
  });

  test('S107: idx_uow_status holds the units that are at work, and only those', async () => {
    expect((await indexes())['idx_uow_status']).toMatch(
      /^unit_of_works USING btree \(status, owner\) WHERE .*status.*'pending'.*'in_progress'/,
    );
  });

  test('S104: unit_of_works has the columns of the guide, its template, stage entry and owner; the waiting room is its own', async () => {
    expect(await typesOf('unit_of_works')).toMatchObject({
      work_id: 'varchar(255) not null',
      client_id: 'varchar(255) not null',
      stage: 'varchar(50) not null',
      status: 'varchar(50) not null',
      tasks: 'jsonb not null',
      results: 'jsonb',
      created_at: 'timestamptz not null',
      started_at: 'timestamptz',
      completed_at: 'timestamptz',
      template_id: 'varchar(64) not null',
      stage_entry: 'integer not null',
      owner: 'integer',
    });
    expect(await constraints('unit_of_works')).toContain('UNIQUE (work_id)');
    expect(await typesOf('uow_tasks')).toMatchObject({
      work_id: 'varchar(255) not null',
      attempt: 'integer not null',
      generation: 'integer not null',
      lease_until: 'timestamptz',
    });
    expect(Object.keys(await columnsOf('uow_progress'))).toEqual(
      expect.arrayContaining(['client_id', 'work_id', 'task_id', 'state', 'attempt']),
    );
  });

  test.each(['pending', 'in_progress', 'completed', 'failed', 'cancelled'])(
    'S105: a unit may be %s',
    async (status) => {
      await put('one');
      expect(await code(`update unit_of_works set status = '${status}' where client_id = 'one'`)).toBe('done');
      await remove();
    },
  );

  test('S105: a unit is in no state that is not one: blocked is derived', async () => {
    await put('one');
    expect(await code(`update unit_of_works set status = 'blocked' where client_id = 'one'`)).toBe('23514');
    await remove();
  });

  test('S108: stage_transitions has the columns of the guide, with kind, result, configuration and approvals', async () => {
    expect(await typesOf('stage_transitions')).toMatchObject({
      transition_id: 'varchar(255) not null',
      client_id: 'varchar(255) not null',
      from_stage: 'varchar(50)',
      to_stage: 'varchar(50) not null',
      transitioned_at: 'timestamptz not null',
      reason: 'text',
      exit_criteria_results: 'jsonb',
      initiated_by: 'varchar(255) not null',
      kind: 'varchar(20) not null',
      result: 'varchar(20) not null',
      evidence_hash: 'varchar(64)',
      config_version: 'varchar(64) not null',
      approval_ids: 'text[] not null',
    });
    const checks = (await constraints('stage_transitions')).join('\n');
    for (const allowed of ['start', 'promotion', 'rollback', 'override', 'success', 'failed', 'rejected', 'timeout'])
      expect(checks).toContain(`'${allowed}'`);
  });

  test('S111: a journey with work or transitions cannot be deleted', async () => {
    await put('one');
    expect(await code(`delete from journey_states where client_id = 'one'`)).toMatch(/^23(503|001)$/);
    for (const table of ['unit_of_works', 'stage_transitions'])
      expect(await constraints(table)).toContain(
        'FOREIGN KEY (client_id) REFERENCES journey_states(client_id) ON DELETE RESTRICT',
      );
    await remove();
  });

  test('S112: the further tables are there, and each client row has its bucket and a key with the client', async () => {
    const tables = await at.database.query<{ name: string; bucket: boolean; key: string | null }>(
      `select c.table_name as name,
         exists (select 1 from information_schema.columns b where b.table_name = c.table_name and b.column_name = 'bucket') as bucket,
         (select pg_get_constraintdef(k.oid) from pg_constraint k where k.conrelid = c.table_name::regclass and k.contype = 'p') as key
       from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
       where c.table_schema = 'public' and c.column_name = 'client_id' and t.table_type = 'BASE TABLE' order by 1`,
    );
    expect(tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['journey_events', 'uow_tasks', 'evidence', 'evaluations', 'approvals', 'outbox']),
    );
    expect(tables.filter(({ bucket, key }) => !bucket || key?.includes('client_id') !== true)).toEqual([]);
    expect(Object.keys(await columnsOf('config_versions'))).toContain('document');
    expect(Object.keys(await columnsOf('idempotency_keys'))).toContain('request_hash');
  });

  async function put(client: string): Promise<void> {
    await at.database.query(
      `insert into journey_states (client_id, bucket, run, status, current_stage, stage_entry, version, entered_version, holds_slot,
         started_at, stage_started_at, completed_stages, config_hash, started_by, inputs, metadata, created_at, updated_at)
       values ($1, 1, 1, 'active', 'sandbox', 1, 1, 1, true, 'epoch', 'epoch', '{}', 'x', 'olga', '{}', '{}', 'epoch', 'epoch')`,
      [client],
    );
    await at.database.query(
      `insert into unit_of_works (work_id, client_id, bucket, stage, template_id, stage_entry, status, tasks, created_at)
       values ('uow-' || $1::text, $1, 1, 'sandbox', 'work', 1, 'pending', '[]', 'epoch')`,
      [client],
    );
  }
  async function remove(): Promise<void> {
    await at.database.query('delete from unit_of_works');
    await at.database.query('delete from journey_states');
  }
});
