import { type ParserOptions, parse } from '@babel/parser'

/**
 * Takes the types out of TypeScript and leaves everything else where it was, as the SDK does in Node:
 * what a node evaluates is then the same JavaScript. Throws where types cannot just be left out.
 */
export function stripTypes(source: string): string {
  const options: ParserOptions = {
    sourceType: 'module',
    plugins: ['typescript'],
    createParenthesizedExpressions: true,
  }
  const { program } = parse(source, { ...options, allowAwaitOutsideFunction: true })
  const text = source.split('')
  visit(program as unknown as Node, (node) => blankTypes(node, source, text))
  return text.join('')
}

type Node = {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

/** Calls back for each node, outer first; those the callback takes care of are not entered. */
function visit(node: Node, isDone: (node: Node) => boolean): void {
  if (isDone(node)) return
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) visit(child, isDone)
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

const statements = new Set([
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
  'TSDeclareFunction',
])
const refused = new Set([
  'TSEnumDeclaration',
  'TSModuleDeclaration',
  'TSParameterProperty',
  'TSImportEqualsDeclaration',
  'TSExportAssignment',
])
const wrappers = new Set(['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'])

type Blank = (from: number, to: number) => void

/** Returns whether nothing is left to do inside. */
function blankTypes(node: Node, source: string, text: string[]): boolean {
  const blank = (from: number, to: number) => {
    for (let at = from; at < to; at++) if (text[at] !== '\n') text[at] = ' '
  }
  if (refused.has(node.type)) {
    const line = source.slice(0, node.start).split('\n').length
    throw new Error(`line ${line} is more than types (enum, namespace): it cannot be left out`)
  }
  if (statements.has(node.type) || isTypeOnly(node)) {
    blank(node.start, node.end)
    // So that what stands before does not run on into what stands behind.
    text[node.start] = ';'
    return true
  }
  if (wrappers.has(node.type) && isNode(node.expression)) {
    blank(node.expression.end, node.end)
    return false
  }
  blankMarks(node, source, blank)
  blankHeads(node, source, blank)
  if (node.type.startsWith('TS')) {
    blank(node.start, node.end)
    return true
  }
  return false
}

/** `x?: T`, `x!: T` and the words before a member of a class. */
function blankMarks(node: Node, source: string, blank: Blank): void {
  const isMember = node.type.startsWith('Class') && isNode(node.key)
  if (!isMember && node.type !== 'Identifier') return
  const named = isNode(node.key) ? node.key.end : node.start
  const mark = node.optional === true ? '?' : node.definite === true ? '!' : undefined
  if (mark !== undefined) {
    const at = source.indexOf(mark, named)
    blank(at, at + 1)
  }
  if (!isMember || !isNode(node.key)) return
  const before = source.slice(node.start, node.key.start)
  for (const { index, 0: word } of before.matchAll(
    /\b(public|private|protected|readonly|override)\b/g,
  )) {
    blank(node.start + index, node.start + index + word.length)
  }
}

/** What a class implements, `abstract` before it, and `this` among the parameters of a function. */
function blankHeads(node: Node, source: string, blank: Blank): void {
  if (node.abstract === true) blank(node.start, node.start + 'abstract'.length)
  const implemented = nodesOf(node.implements)
  const [first, last] = [implemented[0], implemented.at(-1)]
  if (first !== undefined && last !== undefined) {
    blank(source.lastIndexOf('implements', first.start), last.end)
  }
  const [self, next] = nodesOf(node.params)
  if (self?.type === 'Identifier' && self.name === 'this') {
    blank(self.start, next?.start ?? self.end)
  }
}

function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter(isNode) : []
}

function isTypeOnly(node: Node): boolean {
  return node.declare === true || node.importKind === 'type' || node.exportKind === 'type'
}
