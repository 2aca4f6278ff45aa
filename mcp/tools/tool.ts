import type { Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { AnyUseCase, McpSurface } from '#application/use-case.ts';
import { presenterOf, type Presenter } from './presenters.ts';

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** A use-case as a tool. Made once a process: nothing of it depends on who asks. */
export type CatalogueTool = {
  readonly name: string;
  readonly useCase: AnyUseCase;
  readonly presenter: Presenter;
  readonly writes: boolean;
  readonly destructive: boolean;
  readonly hidden: readonly string[];
  /** As tools/list shows it. */
  readonly listed: Tool;
};

/** Arguments that belong to this door; all others are the use-case's. */
export const doorFields = ['detail', 'idempotency_key', 'confirm_token'] as const;

export const toolsOf = (catalogue: readonly AnyUseCase[]): readonly CatalogueTool[] =>
  catalogue.flatMap((useCase) => (useCase.surface.mcp ? [toolOf(useCase, useCase.surface.mcp)] : []));

function toolOf(useCase: AnyUseCase, surface: McpSurface): CatalogueTool {
  const presenter = presenterOf(useCase);
  const writes = useCase.effect !== 'read';
  const destructive = useCase.effect === 'destructive';
  const hidden = surface.hide ?? [];
  return {
    name: surface.tool,
    useCase,
    presenter,
    writes,
    destructive,
    hidden,
    listed: {
      name: surface.tool,
      title: titleOf(surface.tool),
      description: [useCase.summary, surface.guidance].filter((part) => part !== undefined).join(' '),
      inputSchema: inputSchemaOf(useCase, presenter, hidden, writes, destructive),
      outputSchema: objectSchema(presenter.schema),
      // Agents, other systems and people act on what the tools change: the world is open.
      annotations: {
        readOnlyHint: !writes,
        destructiveHint: destructive,
        idempotentHint: !writes,
        openWorldHint: writes,
      },
    },
  };
}

function inputSchemaOf(
  { input, name }: AnyUseCase,
  { detailed, page }: Presenter,
  hidden: readonly string[],
  writes: boolean,
  destructive: boolean,
): Tool['inputSchema'] {
  const { properties = {}, required = [] } = jsonSchemaOf(input);
  const taken = doorFields.find((field) => Object.hasOwn(properties, field));
  if (taken !== undefined) throw new Error(`${name}: its field ${taken} would hide an argument of the MCP door.`);
  const shown = Object.entries(properties).filter(([field]) => !hidden.includes(field));
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(shown.map(([field, schema]) => [field, withPage(field, brief(schema), page)])),
      ...(detailed ? { detail: { type: 'string', enum: ['concise', 'detailed'], default: 'concise' } } : {}),
      ...(writes && !hidden.includes('idempotency_key') ? { idempotency_key: { type: 'string', maxLength: 200 } } : {}),
      ...(destructive ? { confirm_token: { type: 'string' } } : {}),
    },
    ...(required.length > 0 ? { required: [...required] } : {}),
    additionalProperties: false,
  };
}

const withPage = (field: string, schema: unknown, page: number | undefined): unknown =>
  field === 'limit' && page !== undefined && typeof schema === 'object' ? { ...schema, default: page } : schema;

/**
 * Without what costs a model tokens and tells it little: patterns (a refusal says in words what is wrong), and descriptions
 * of fields whose names say it.
 */
function brief(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(brief);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { pattern: _pattern, propertyNames: _names, format: _format, ...rest } = schema as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, key === 'enum' || key === 'default' ? value : brief(value)]),
  );
}

function objectSchema(schema: z.ZodType): NonNullable<Tool['outputSchema']> {
  const { $schema: _dialect, ...rest } = jsonSchemaOf(schema);
  return rest;
}

const jsonSchemaOf = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });

/** `get_journey` reads `Get journey`. */
function titleOf(tool: string): string {
  const words = tool.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
