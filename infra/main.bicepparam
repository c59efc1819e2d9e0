using 'main.bicep'

// azd sets the AZURE_ variables. Set the others with: azd env set NAME VALUE
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')
param principalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param principalType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'User')

// Origins, separated by commas: https://mcp.example.com,https://staging.example.com
param allowedOrigins = filter(
  map(split(readEnvironmentVariable('SURGE_ALLOWED_ORIGINS', ''), ','), origin => trim(origin)),
  origin => !empty(origin)
)

// Addresses and CIDR ranges, separated by commas: 10.1.0.0/16,10.2.0.4
param allowedAddresses = filter(
  map(split(readEnvironmentVariable('SURGE_ALLOWED_ADDRESSES', ''), ','), address => trim(address)),
  address => !empty(address)
)

// Scopes, separated by commas: api://APPLICATION-ID/.default
param allowedScopes = filter(
  map(split(readEnvironmentVariable('SURGE_ALLOWED_SCOPES', ''), ','), scope => trim(scope)),
  scope => !empty(scope)
)

// Secrets and the origins that they may go to, separated by commas: search-token=https://mcp.example.com
param secretOrigins = filter(
  map(split(readEnvironmentVariable('SURGE_SECRET_ORIGINS', ''), ','), entry => trim(entry)),
  entry => !empty(entry)
)

param maxVus = int(readEnvironmentVariable('SURGE_MAX_VUS', '500'))
param maxRate = int(readEnvironmentVariable('SURGE_MAX_RATE', '2000'))
param maxDurationSeconds = int(readEnvironmentVariable('SURGE_MAX_DURATION_SECONDS', '3600'))
param maxActiveRuns = int(readEnvironmentVariable('SURGE_MAX_ACTIVE_RUNS', '10'))
param maxTotalVus = int(readEnvironmentVariable('SURGE_MAX_TOTAL_VUS', '1000'))
param maxTotalRate = int(readEnvironmentVariable('SURGE_MAX_TOTAL_RATE', '4000'))
param allowSharedTargets = bool(readEnvironmentVariable('SURGE_ALLOW_SHARED_TARGETS', 'false'))
param stopped = bool(readEnvironmentVariable('SURGE_STOPPED', 'false'))
param keepDays = int(readEnvironmentVariable('SURGE_KEEP_DAYS', '30'))
param keepCanaryDays = int(readEnvironmentVariable('SURGE_KEEP_CANARY_DAYS', '365'))
param authClientId = readEnvironmentVariable('SURGE_AUTH_CLIENT_ID', '')
param vusPerLane = int(readEnvironmentVariable('SURGE_VUS_PER_LANE', '100'))
param ratePerLane = int(readEnvironmentVariable('SURGE_RATE_PER_LANE', '500'))
param windowSeconds = int(readEnvironmentVariable('SURGE_WINDOW_SECONDS', '300'))
param startDelaySeconds = int(readEnvironmentVariable('SURGE_START_DELAY_SECONDS', '60'))
param deadAfterSeconds = int(readEnvironmentVariable('SURGE_DEAD_AFTER_SECONDS', '30'))
param maxWaitingMB = int(readEnvironmentVariable('SURGE_MAX_WAITING_MB', '64'))

// any(), because the type of int() is not one of the three allowed sizes. Azure refuses others before it creates anything.
param instanceMemoryMB = any(int(readEnvironmentVariable('SURGE_INSTANCE_MEMORY_MB', '2048')))
param maximumInstanceCount = int(readEnvironmentVariable('SURGE_MAXIMUM_INSTANCES', '40'))
param alwaysReadyDurable = int(readEnvironmentVariable('SURGE_ALWAYS_READY', '0'))
