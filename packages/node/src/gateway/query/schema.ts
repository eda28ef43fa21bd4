import { buildSchema } from 'graphql'

/**
 * The query language of Arweave gateways, as ar-io-node serves it, with what clients use of
 * Goldsky's index: NEQ, `count`, INGESTED_AT sorts and `ingested_at`. Strings are never null: an
 * unknown one is empty, since one null would void a whole page. What could not be read at all is named in
 * `extensions.unreadable` of the answer.
 */
export const schema = buildSchema(`
  type Query {
    transaction(id: ID!): Transaction
    transactions(
      ids: [ID!], owners: [String!], recipients: [String!], tags: [TagFilter!],
      bundledIn: [ID!], parent: [ID!], block: BlockFilter, ingested_at: RangeFilter,
      first: Int = 10, after: String, sort: SortOrder = HEIGHT_DESC
    ): TransactionConnection!
    block(id: String): Block
    blocks(
      ids: [ID!], height: BlockFilter, first: Int = 10, after: String, sort: SortOrder = HEIGHT_DESC
    ): BlockConnection!
  }
  enum SortOrder { HEIGHT_ASC HEIGHT_DESC INGESTED_AT_ASC INGESTED_AT_DESC }
  enum TagOperator { EQ NEQ }
  input TagFilter { name: String!, values: [String!], op: TagOperator = EQ }
  input BlockFilter { min: Int, max: Int }
  input RangeFilter { min: Int, max: Int }
  type TransactionConnection {
    pageInfo: PageInfo!
    edges: [TransactionEdge!]!
    count: Int
  }
  type TransactionEdge { cursor: String!, node: Transaction! }
  type BlockConnection { pageInfo: PageInfo!, edges: [BlockEdge!]! }
  type BlockEdge { cursor: String!, node: Block! }
  type PageInfo { hasNextPage: Boolean! }
  type Transaction {
    id: ID!
    anchor: String!
    signature: String!
    signatureType: Int
    recipient: String!
    owner: Owner!
    fee: Amount!
    quantity: Amount!
    data: MetaData!
    tags: [Tag!]!
    block: Block
    bundledIn: Bundle
    parent: Parent
    ingested_at: Int
  }
  type Owner { address: String!, key: String! }
  type Amount { winston: String!, ar: String! }
  type MetaData { size: String!, type: String }
  type Tag { name: String!, value: String! }
  type Bundle { id: ID! }
  type Parent { id: ID! }
  type Block { id: ID!, timestamp: Int!, height: Int!, previous: ID! }
`)
