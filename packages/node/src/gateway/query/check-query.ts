import { errorMessage } from '@heddle/protocol/base'
import { type DocumentNode, GraphQLError, parse, validate } from 'graphql'
import { checkCost, queryLimits } from './limits.ts'
import { schema } from './schema.ts'

export type CheckedQuery =
  | { readonly document: DocumentNode }
  | { readonly errors: readonly GraphQLError[] }

/** Of the texts of queries remembered, characters; what was made of them is some twenty times that. */
const rememberedLength = 256 * 1024

/** Reads a query and holds it against limits and schema. */
function checkQuery(query: string): CheckedQuery {
  try {
    if (query.length > queryLimits.length) {
      const text = `query refused: ${query.length} characters, ${queryLimits.length} are allowed`
      return { errors: [new GraphQLError(text)] }
    }
    const document = parse(query, { maxLexicalTokens: queryLimits.tokens, noLocation: false })
    // Before validation, whose time grows with the square of what is asked.
    checkCost(document)
    const errors = validate(schema, document)
    return errors.length > 0 ? { errors } : { document }
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error] }
    return { errors: [new GraphQLError(errorMessage(error))] }
  }
}

/** `checkQuery`, which remembers the texts that passed of late: clients ask the same ones again. */
export function createQueryCheck(length = rememberedLength): (query: string) => CheckedQuery {
  /** Least recently asked first. */
  const known = new Map<string, CheckedQuery>()
  let knownLength = 0
  return (query) => {
    const before = known.get(query)
    const checked = before ?? checkQuery(query)
    if (before !== undefined) known.delete(query)
    else if ('errors' in checked || query.length > length) return checked
    else knownLength += query.length
    known.set(query, checked)
    for (const oldest of known.keys()) {
      if (knownLength <= length) break
      known.delete(oldest)
      knownLength -= oldest.length
    }
    return checked
  }
}
