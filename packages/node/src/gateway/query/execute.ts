import { isHeddleError } from '@heddle/protocol/base'
import {
  defaultFieldResolver,
  execute,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFieldResolver,
} from 'graphql'
import { type BlocksArgs, blockById, blockConnection } from './blocks.ts'
import type { CheckedQuery } from './check-query.ts'
import type { QueryContext } from './context.ts'
import { schema } from './schema.ts'
import { type TransactionsArgs, transactionById, transactionConnection } from './transactions.ts'

export type GraphqlRequest = {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>> | undefined
  readonly operationName?: string | undefined
}

/** `refused` tells that nothing was executed: the query itself is at fault. */
export type GraphqlReply = { readonly refused: boolean; readonly result: FormattedExecutionResult }

const rootValue = {
  transaction: ({ id }: { id: string }, context: QueryContext) => transactionById(id, context),
  transactions: (args: TransactionsArgs, context: QueryContext) =>
    transactionConnection(args, context),
  block: ({ id }: { id?: string | null }, context: QueryContext) => blockById(id, context),
  blocks: (args: BlocksArgs, context: QueryContext) => blockConnection(args, context),
}

/**
 * Runs one query, which was checked. `onFault` is told what went wrong on our side, whose text stays out
 * of the reply.
 */
export async function executeQuery(
  checked: CheckedQuery,
  request: Omit<GraphqlRequest, 'query'>,
  context: QueryContext,
  onFault: (error: unknown) => void,
): Promise<GraphqlReply> {
  if ('errors' in checked) {
    return { refused: true, result: { errors: checked.errors.map((error) => error.toJSON()) } }
  }
  const { data, errors } = await execute({
    schema,
    document: checked.document,
    rootValue,
    contextValue: context,
    variableValues: request.variables,
    operationName: request.operationName,
    fieldResolver: resolveField,
  })
  const told = errors?.map((error) => tell(error, onFault).toJSON())
  // Without data nothing was looked up: a variable is missing or the operation's name is unknown.
  if (data === undefined) return { refused: true, result: { errors: told ?? [] } }
  const unreadable = [...context.unreadable]
  const extensions = unreadable.length === 0 ? {} : { extensions: { unreadable } }
  const result = { ...(told === undefined ? { data } : { data, errors: told }), ...extensions }
  return { refused: false, result }
}

/** Gives a field what its object says, once the answer has room for it. */
const resolveField: GraphQLFieldResolver<unknown, QueryContext> = (source, args, context, info) => {
  const value = defaultFieldResolver(source, args, context, info)
  context.spend(value)
  return value
}

/** Errors of ours speak for themselves; others are faults. */
function tell(error: GraphQLError, onFault: (error: unknown) => void): GraphQLError {
  const cause = error.originalError
  if (cause === undefined || isHeddleError(cause)) return error
  onFault(cause)
  const text = 'internal error: the node logged the cause; report it if it happens again'
  return new GraphQLError(text, { nodes: error.nodes, path: error.path })
}
