import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import { queryTooLarge } from '../errors.ts'

/** What one GraphQL request may ask. Every client's own query stays far below. */
export const queryLimits = {
  /** Characters of the query. */
  length: 32_768,
  /** Lexical tokens of the query. */
  tokens: 4_096,
  /** Fields within fields, fragments followed. Introspection by tools needs 13. */
  depth: 16,
  /** Fields in all, fragments counted as often as they are used. */
  fields: 512,
  /** Fields at the top, each a search of its own. */
  rootFields: 16,
  /** Edges of a page. */
  first: 1_000,
  /** Entries of each list of ids, owners, recipients, tags or values. */
  listed: 1_000,
  /** Entries of all lists of one search together. */
  listedInAll: 4_000,
  /** Characters of one answer, and 32 for each of its fields. */
  answer: 16 * 1024 * 1024,
} as const

/** `roots` are the fields at the top of it, those of fragments among them. */
type Cost = { readonly depth: number; readonly fields: number; readonly roots: number }

/** Throws `query-too-large` for a parsed document beyond the limits. */
export function checkCost(document: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition)
    }
  }
  const known = new Map<string, Cost>()
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    const { depth, fields, roots } = costOf(definition.selectionSet, fragments, known)
    if (depth > queryLimits.depth)
      throw queryTooLarge(`${depth} levels, ${queryLimits.depth} are allowed`)
    if (fields > queryLimits.fields) {
      throw queryTooLarge(`${fields} fields, ${queryLimits.fields} are allowed`)
    }
    if (roots > queryLimits.rootFields) {
      throw queryTooLarge(`${roots} searches at once, ${queryLimits.rootFields} are allowed`)
    }
  }
}

/**
 * Each fragment is measured once; one within itself, which validation will refuse, counts as empty.
 */
function costOf(
  set: SelectionSetNode | undefined,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, Cost>,
): Cost {
  let depth = 0
  let fields = 0
  let roots = 0
  for (const selection of set?.selections ?? []) {
    let inner: Cost
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const name = selection.name.value
      inner = known.get(name) ?? measure(name, fragments, known)
    } else {
      inner = costOf(selection.selectionSet, fragments, known)
    }
    const own = selection.kind === Kind.FIELD ? 1 : 0
    depth = Math.max(depth, inner.depth + own)
    fields += inner.fields + own
    roots += own === 1 ? 1 : inner.roots
  }
  return { depth, fields, roots }
}

function measure(
  name: string,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, Cost>,
): Cost {
  known.set(name, { depth: 0, fields: 0, roots: 0 })
  const cost = costOf(fragments.get(name)?.selectionSet, fragments, known)
  known.set(name, cost)
  return cost
}
