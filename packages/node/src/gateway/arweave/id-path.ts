/**
 * Path parameter that takes an id and nothing else, so that ids at the root leave every other path
 * to its own route.
 */
export const idPattern = '^[A-Za-z0-9_-]{43}$'
