import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from '@babel/parser'
import { root } from '../source.ts'

/** Something a package exports, as its source says it. */
export type Declaration = {
  readonly name: string
  readonly kind: 'function' | 'type' | 'class' | 'value'
  /** Path of the file that declares it, from the root of the repository. */
  readonly path: string
  /** What its docstring says. */
  readonly doc: string
  /** Its signature; bodies, and what is private, are left out. */
  readonly code: string
}

type Node = {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}
type Comment = { readonly type: string; readonly value: string }
type Module = { readonly path: string; readonly text: string; readonly body: readonly Node[] }

const modules = new Map<string, Module>()

/** Everything a module exports, in the order of its names; re-exports are followed to their sources. */
export function readExports(path: string): Declaration[] {
  const found = exportsOf(readModule(path))
  return [...found].map(([name, source]) => ({ ...declare(source.path, source.name), name }))
}

type Named = { readonly path: string; readonly name: string }

function exportsOf(module: Module): Map<string, Named> {
  const found = new Map<string, Named>()
  for (const node of module.body) {
    if (node.type !== 'ExportNamedDeclaration') continue
    const from = (node.source as { readonly value: string } | null)?.value
    for (const specifier of listOf(node.specifiers)) {
      const local = nameOf(specifier.local)
      const path = from === undefined ? module.path : resolve(module.path, from)
      found.set(nameOf(specifier.exported), { path, name: local })
    }
    for (const name of declaredNames(node.declaration)) found.set(name, { path: module.path, name })
  }
  return found
}

/** The declaration of a name, wherever it is re-exported from. Throws where there is none. */
function declare(path: string, name: string): Declaration {
  const module = readModule(path)
  const source = exportsOf(module).get(name)
  if (source !== undefined && source.path !== path) return declare(source.path, source.name)
  for (const statement of module.body) {
    const isExport = statement.type === 'ExportNamedDeclaration'
    const node = isExport ? (statement.declaration as Node | null) : statement
    if (node === null || !declaredNames(node).includes(name)) continue
    const doc = docOf((statement.leadingComments ?? []) as readonly Comment[])
    return { name, path, doc, ...shapeOf(node, module.text) }
  }
  throw new Error(`${path} exports ${name} and does not declare it`)
}

function declaredNames(value: unknown): readonly string[] {
  if (value === null || typeof value !== 'object') return []
  const node = value as Node
  if (node.type === 'VariableDeclaration') {
    return listOf(node.declarations).map((one) => nameOf(one.id))
  }
  return 'id' in node && node.id !== null ? [nameOf(node.id)] : []
}

const functionEnd = /\s*$/

function shapeOf(node: Node, text: string): Pick<Declaration, 'kind' | 'code'> {
  const slice = (from: number, to: number) => text.slice(from, to).replace(functionEnd, '')
  switch (node.type) {
    case 'FunctionDeclaration':
      return { kind: 'function', code: slice(node.start, (node.body as Node).start) }
    case 'ClassDeclaration':
      return { kind: 'class', code: classShape(node, text) }
    case 'VariableDeclaration':
      return { kind: 'value', code: slice(node.start, node.end) }
    default:
      return { kind: 'type', code: slice(node.start, node.end) }
  }
}

/** A class with what others may use: no bodies, no values, nothing private. */
function classShape(node: Node, text: string): string {
  const body = node.body as Node
  const members = listOf(body.body).flatMap((member) => {
    if (/Private/.test(member.type) || member.accessibility === 'private') return []
    const isMethod = member.type === 'ClassMethod'
    const last = (isMethod ? member.body : member.value) as Node | null
    const end = last === null || last === undefined ? member.end : last.start
    return [`  ${text.slice(member.start, end).replace(/[\s=]+$/, '')}`]
  })
  return `${text.slice(node.start, body.start)}{\n${members.join('\n')}\n}`
}

/** The last docstring before a declaration, without its stars. */
function docOf(comments: readonly Comment[]): string {
  const last = comments.findLast(({ type, value }) => type === 'CommentBlock' && /^\*/.test(value))
  return (last?.value ?? '')
    .replace(/^\*/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim()
}

function readModule(path: string): Module {
  const known = modules.get(path)
  if (known !== undefined) return known
  const text = readFileSync(join(root, path), 'utf8')
  const { program } = parse(text, { sourceType: 'module', plugins: ['typescript'] })
  const module = { path, text, body: program.body as unknown as readonly Node[] }
  modules.set(path, module)
  return module
}

const protocolPattern = /^@heddle\/protocol\/(\w+)$/

function resolve(from: string, specifier: string): string {
  const [, room] = protocolPattern.exec(specifier) ?? []
  return room === undefined
    ? join(dirname(from), specifier)
    : `packages/protocol/src/${room}/index.ts`
}

function listOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? (value as readonly Node[]) : []
}

function nameOf(value: unknown): string {
  return String((value as { readonly name?: unknown } | null)?.name ?? '')
}
