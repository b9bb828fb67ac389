// Compares an answer with the OpenAPI document that the program itself gives. A small reader of JSON Schema: the keywords
// that the document uses, and an error for any other, so that nothing is passed over.

/** A schema of the document. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  [keyword: string]: unknown;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query';
  required?: boolean;
}

export interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }>; headers?: Record<string, unknown> }>;
}

export interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** Keywords without a condition: what a value means, and how it is stored. */
const WITHOUT_A_CONDITION = ['description', 'format', 'default', 'example', 'title'];
const CONDITIONS = ['$ref', 'type', 'properties', 'required', 'items', 'oneOf', 'enum', 'minimum', 'maximum'];

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

export class Shapes {
  private readonly schemas: Record<string, Schema>;

  constructor(document: Document) {
    this.schemas = document.components.schemas;
  }

  /** What is wrong with a value, each with its place in it. A field that the schema does not name is wrong too. */
  problems(value: unknown, schema: Schema, place = ''): string[] {
    const unknown = Object.keys(schema).filter((keyword) => !WITHOUT_A_CONDITION.includes(keyword) && !CONDITIONS.includes(keyword));
    if (unknown.length) throw new Error(`the document uses ${unknown.join()}, which this reader does not know`);
    if (schema.$ref !== undefined) return this.problems(value, this.named(schema.$ref), place);
    if (schema.oneOf) {
      const found = schema.oneOf.map((one) => this.problems(value, one, place));
      const fitting = found.filter((problems) => problems.length === 0).length;
      return fitting === 1 ? [] : [`${place}: fits ${fitting} of ${found.length} shapes: ${found.flat().join('; ')}`];
    }
    return [...this.simple(value, schema, place), ...this.parts(value, schema, place)];
  }

  private named(reference: string): Schema {
    const schema = this.schemas[reference.replace('#/components/schemas/', '')];
    if (!schema) throw new Error(`the document has no ${reference}`);
    return schema;
  }

  private simple(value: unknown, schema: Schema, place: string): string[] {
    const kind = kindOf(value);
    const wanted = schema.type === undefined ? [kind] : [schema.type].flat();
    const fits = wanted.includes(kind) || (kind === 'integer' && wanted.includes('number'));
    if (!fits) return [`${place}: is ${kind} and should be ${wanted.join(' or ')}`];
    if (schema.enum && !schema.enum.includes(value)) return [`${place}: ${JSON.stringify(value)} is none of ${schema.enum.join()}`];
    const { minimum = -Infinity, maximum = Infinity } = schema;
    return typeof value === 'number' && (value < minimum || value > maximum) ? [`${place}: ${value} is out of its limits`] : [];
  }

  private parts(value: unknown, schema: Schema, place: string): string[] {
    if (Array.isArray(value)) {
      const { items } = schema;
      return items ? value.flatMap((item, at) => this.problems(item, items, `${place}/${at}`)) : [];
    }
    const { properties } = schema;
    if (typeof value !== 'object' || value === null || !properties) return [];
    const missing = (schema.required ?? []).filter((name) => !(name in value)).map((name) => `${place}: lacks ${name}`);
    const others = Object.entries(value).flatMap(([name, part]) => {
      const described = properties[name];
      return described ? this.problems(part, described, `${place}/${name}`) : [`${place}: has ${name}, which the document does not name`];
    });
    return [...missing, ...others];
  }
}
