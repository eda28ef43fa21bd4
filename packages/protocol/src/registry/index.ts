export {
  describeEpoch,
  type EpochBlock,
  epochOf,
  epochSecondsDefault,
  type OrderedItem,
  type RegistryRules,
  storersOfEpoch,
} from './epoch-set.ts'
export {
  type RegisteredStorer,
  readStorerRegistration,
  readStorerStake,
  registryProtocol,
  registryTypes,
  type StorerPlace,
  type StorerStake,
  storerRegistrationDraft,
  storerStakeDraft,
} from './registration.ts'
