const maxDepth = 4
const maxItems = 100
const maxTextChars = 10_000
const lineChars = 72

type View = (value: object) => object

/** By prototype: what objects are shown as whose fields are not their own. */
const views = new Map<unknown, View>()

export function showAs(prototype: object, view: View): void {
  views.set(prototype, view)
}

/** A value as a console shows it: one line where it fits, never endless, never throwing. */
export function inspect(value: unknown): string {
  return show(value, 0, [])
}

function show(value: unknown, depth: number, above: readonly unknown[]): string {
  switch (typeof value) {
    case 'string':
      return quote(value)
    case 'bigint':
      return `${value}n`
    case 'function':
      return showFunction(value)
    case 'object':
      if (value === null) return 'null'
      if (above.includes(value)) return '[circular]'
      try {
        return showObject(value, depth, [...above, value])
      } catch {
        return '[object that refuses to be read]'
      }
    default:
      return Object.is(value, -0) ? '-0' : String(value)
  }
}

function quote(text: string): string {
  const rest = text.length - maxTextChars
  const shown = rest > 0 ? text.slice(0, maxTextChars) : text
  return rest > 0 ? `${JSON.stringify(shown)}… ${rest} more characters` : JSON.stringify(shown)
}

function showFunction(value: { readonly name: string }): string {
  const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function'
  return value.name === '' ? `[${kind}]` : `[${kind} ${value.name}]`
}

function showObject(value: object, depth: number, path: readonly unknown[]): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  }
  if (value instanceof RegExp) return String(value)
  if (value instanceof Promise) return 'Promise {}'
  const name = className(value)
  if (depth >= maxDepth) return Array.isArray(value) ? '[…]' : `${name || '{'}…${name ? '' : '}'}`
  const child = (each: unknown) => show(each, depth + 1, path)
  if (Array.isArray(value)) return wrap(name, '[', items(value, value.length, child), ']')
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const list = value as unknown as ArrayLike<unknown>
    return wrap(`${name}(${list.length}) `, '[', items(list, list.length, child), ']')
  }
  if (value instanceof Map) {
    const pairs = firstOf(value, ([key, each]) => `${child(key)} => ${child(each)}`, value.size)
    return wrap(`Map(${value.size}) `, '{', pairs, '}')
  }
  if (value instanceof Set) {
    return wrap(`Set(${value.size}) `, '{', firstOf(value, child, value.size), '}')
  }
  const seen = views.get(Object.getPrototypeOf(value))?.(value) ?? value
  const keys = Object.keys(seen)
  const fields = keys
    .slice(0, maxItems)
    .map((key) => `${fieldName(key)}: ${field(seen, key, child)}`)
  if (keys.length > maxItems) fields.push(`… ${keys.length - maxItems} more`)
  return wrap(name === '' ? '' : `${name} `, '{', fields, '}')
}

/** Getters are named, not run: looking at a value must not change it. */
function field(value: object, key: string, child: (each: unknown) => string): string {
  const property = Object.getOwnPropertyDescriptor(value, key)
  return property !== undefined && 'value' in property ? child(property.value) : '[getter]'
}

function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype || Array.isArray(value)) return ''
  const maker: unknown = Reflect.get(prototype as object, 'constructor')
  return typeof maker === 'function' ? maker.name : ''
}

function items(list: ArrayLike<unknown>, length: number, child: (each: unknown) => string) {
  const shown: string[] = []
  for (let i = 0; i < Math.min(length, maxItems); i++) shown.push(child(list[i]))
  if (length > maxItems) shown.push(`… ${length - maxItems} more`)
  return shown
}

function firstOf<T>(values: Iterable<T>, child: (each: T) => string, size: number): string[] {
  const shown: string[] = []
  for (const value of values) {
    if (shown.length === maxItems) break
    shown.push(child(value))
  }
  if (size > maxItems) shown.push(`… ${size - maxItems} more`)
  return shown
}

function fieldName(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)
}

function wrap(name: string, open: string, parts: readonly string[], close: string): string {
  if (parts.length === 0) return `${name}${open}${close}`
  const space = open === '{' ? ' ' : ''
  const line = `${name}${open}${space}${parts.join(', ')}${space}${close}`
  if (line.length <= lineChars && !line.includes('\n')) return line
  const body = parts.map((part) => `  ${part.replaceAll('\n', '\n  ')}`).join(',\n')
  return `${name}${open}\n${body}\n${close}`
}
