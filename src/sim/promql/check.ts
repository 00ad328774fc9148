import { PARAMETER_TYPES } from "./aggregate.ts";
import { type Binary, type Expression, TYPE_NAMES, type ValueType } from "./ast.ts";
import { COMPARISON, SET_OPERATORS } from "./binary.ts";
import { ParseError } from "./errors.ts";
import { FUNCTIONS } from "./functions.ts";

/** The type of an expression, known before it is evaluated. */
export function typeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "selector":
    case "aggregate":
      return "vector";
    case "matrix":
    case "subquery":
      return "matrix";
    case "unary":
    case "paren":
      return typeOf(expression.inner);
    case "binary":
      return isScalar(expression.left) && isScalar(expression.right) ? "scalar" : "vector";
    case "call":
      return FUNCTIONS[expression.name]?.returns ?? "vector";
  }
}

/** Refuses an expression whose parts do not fit, in the words of Prometheus. Its own parts were checked before. */
export function checkTypes(expression: Expression): void {
  switch (expression.kind) {
    case "unary": {
      const type = typeOf(expression.inner);
      if (type === "scalar" || type === "vector") return;
      throw new ParseError(
        `unary expression only allowed on expressions of type scalar or instant vector, got "${TYPE_NAMES[type]}"`,
      );
    }
    case "binary":
      checkBinary(expression);
      return;
    case "aggregate": {
      const { operator, parameter } = expression;
      expectType(expression.inner, "vector", "aggregation expression", parameter === null ? 0 : 1);
      const wanted = PARAMETER_TYPES[operator];
      if (wanted !== undefined && parameter !== null)
        expectType(parameter, wanted, "aggregation parameter", 0);
      return;
    }
    case "subquery": {
      const type = typeOf(expression.inner);
      if (type === "vector") return;
      throw new ParseError(`subquery is only allowed on instant vector, got ${TYPE_NAMES[type]} instead`);
    }
    case "call":
      checkCall(expression.name, expression.args);
      return;
    default:
  }
}

function checkCall(name: string, args: readonly Expression[]): void {
  const definition = FUNCTIONS[name];
  if (definition === undefined) throw new ParseError(`unknown function with name "${name}"`);
  const { args: types, optional } = definition;
  const count = types.length;
  const least = Math.max(0, count - (optional === Number.POSITIVE_INFINITY ? 1 : optional));
  if (optional === 0 && args.length !== count) {
    throw new ParseError(`expected ${count} argument(s) in call to "${name}", got ${args.length}`);
  }
  if (args.length < least) {
    throw new ParseError(`expected at least ${least} argument(s) in call to "${name}", got ${args.length}`);
  }
  if (args.length > count && optional !== Number.POSITIVE_INFINITY) {
    throw new ParseError(`expected at most ${count} argument(s) in call to "${name}", got ${args.length}`);
  }
  args.forEach((arg, index) => {
    expectType(arg, types[Math.min(index, count - 1)] ?? "vector", `call to function "${name}"`, index);
  });
}

function checkBinary({ operator, left, right, bool, matching }: Binary): void {
  const isComparison = COMPARISON[operator] !== undefined;
  const isSet = SET_OPERATORS.has(operator);
  const [typeLeft, typeRight] = [typeOf(left), typeOf(right)];
  if (bool && !isComparison) throw new ParseError("bool modifier can only be used on comparison operators");
  if (isComparison && !bool && typeLeft === "scalar" && typeRight === "scalar") {
    throw new ParseError("comparisons between scalars must use BOOL modifier", "operator");
  }
  if (![typeLeft, typeRight].every((type) => type === "scalar" || type === "vector")) {
    throw new ParseError("binary expression must contain only scalar and instant vector types");
  }
  const bothVectors = typeLeft === "vector" && typeRight === "vector";
  if (!bothVectors && (matching.on || matching.labels.length > 0)) {
    throw new ParseError("vector matching only allowed between instant vectors");
  }
  if (isSet && !bothVectors)
    throw new ParseError(`set operator "${operator}" not allowed in binary scalar expression`);
  const isGrouped = matching.card === "many-to-one" || matching.card === "one-to-many";
  if (isSet && isGrouped) throw new ParseError(`no grouping allowed for "${operator}" operation`);
  const twice = matching.on ? matching.include.find((name) => matching.labels.includes(name)) : undefined;
  if (twice !== undefined)
    throw new ParseError(`label "${twice}" must not occur in ON and GROUP clause at once`);
}

function expectType(expression: Expression, wanted: ValueType, where: string, argument: number): void {
  const type = typeOf(expression);
  if (type === wanted) return;
  throw new ParseError(`expected type ${TYPE_NAMES[wanted]} in ${where}, got ${TYPE_NAMES[type]}`, argument);
}

function isScalar(expression: Expression): boolean {
  return typeOf(expression) === "scalar";
}
