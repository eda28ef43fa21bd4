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
  type KeeperStake,
  keeperStakeDraft,
  keeperStakeTags,
  readKeeperStake,
} from './keeper-stake.ts'
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
