targetScope = 'subscription'

metadata description = 'mcp-surge on Azure Functions Flex Consumption: one resource group, no storage keys, every role limited to the resource that needs it.'

@description('Name of this deployment. It names the resource group and, hashed, every resource in it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of every resource. It must offer Flex Consumption: az functionapp list-flexconsumption-locations.')
@minLength(1)
param location string

@description('Object id of the person or pipeline that deploys. It gets the right to manage secrets and to read the result tables. Empty: only the app has data roles.')
param principalId string = ''

@description('Kind of that principal. Azure refuses a role for a principal of the wrong kind.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param principalType string = 'User'

@description('Exact https origins that may be load-tested, such as https://mcp.example.com. Empty: none.')
param allowedOrigins string[] = []

@description('IP addresses and CIDR ranges that may be connected to, in addition to public addresses, such as 10.1.0.0/16 of a virtual network. The app does not start with an entry that is neither.')
param allowedAddresses string[] = []

@description('Scopes for which plans may request Microsoft Entra tokens, such as api://APPLICATION-ID/.default. Empty: none. The app refuses the scopes of Azure and Microsoft 365 even if they are listed.')
param allowedScopes string[] = []

@description('Where secrets may be sent, such as search-token=https://mcp.example.com. A secret that is not listed goes to the one origin that its plan names. The app does not start with an entry that is not a name and an origin.')
param secretOrigins string[] = []

@description('Most virtual users that a plan may ask for.')
@minValue(1)
param maxVus int = 500

@description('Most starts a second that a plan may ask for, over all scenarios.')
@minValue(1)
param maxRate int = 2000

@description('Longest run that a plan may ask for, in seconds.')
@minValue(1)
param maxDurationSeconds int = 3600

@description('Most runs that may be active at the same time.')
@minValue(1)
param maxActiveRuns int = 10

@description('Most virtual users of all active runs together.')
@minValue(1)
param maxTotalVus int = 1000

@description('Most starts a second of all active runs together.')
@minValue(1)
param maxTotalRate int = 4000

@description('Whether several runs may load one target at the same time.')
param allowSharedTargets bool = false

@description('Ends all load and refuses new runs.')
param stopped bool = false

@description('Days after which runs are deleted, with their samples and the history of their orchestrations.')
@minValue(1)
param keepDays int = 30

@description('Days after which the records and reports of canaries are deleted. Their samples are deleted with those of other runs.')
@minValue(1)
param keepCanaryDays int = 365

@description('Client id of an app registration in Microsoft Entra, with the app roles read, run and operate. Not empty: App Service authentication is turned on, and callers of the API need a token with one of these roles, in addition to a function key.')
param authClientId string = ''

@description('Most virtual users of one lane. A lane is one activity at a time.')
@minValue(1)
param vusPerLane int = 100

@description('Most starts a second of one lane, for scenarios whose starts come at a rate.')
@minValue(1)
param ratePerLane int = 500

@description('Length of a window, in seconds. It must stay well below functionTimeout in host.json (30 minutes).')
@minValue(1)
@maxValue(540)
param windowSeconds int = 300

@description('Seconds between preflight and the first request of a run, so that the app can scale out.')
@minValue(0)
param startDelaySeconds int = 60

@description('After so many seconds without a sign of life, the holder of a slice is dead and another attempt takes the slice over. A slice that cannot reach the storage for five sixths of this time ends its load.')
@minValue(10)
param deadAfterSeconds int = 30

@description('Megabytes that the samples of a process may take up, compressed, while the storage does not accept them.')
@minValue(1)
param maxWaitingMB int = 64

@description('Name of the Durable task hub. Changing it starts with an empty history.')
@minLength(3)
@maxLength(45)
param taskHubName string = 'mcpsurge'

@description('Node.js of the app. The region must offer it: az functionapp list-flexconsumption-runtimes --runtime node.')
@allowed(['22', '24'])
param nodeVersion string = '24'

@description('Memory of one instance in MB. It also determines the cores: 0.25, 1 or 2.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances of each scale group. According to the documentation, 40 is the lowest value that the platform accepts.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances kept warm for Durable triggers. The default is 0, because a warm instance is billed around the clock, without a free grant.')
@minValue(0)
@maxValue(1)
param alwaysReadyDurable int = 0

@description('Most log data accepted per day, in GB, so that a run with many failures does not cause a large bill.')
@minValue(1)
param dailyLogCapGb int = 1

var tags = { 'azd-env-name': environmentName }
var token = toLower(uniqueString(subscription().id, environmentName, location))

// The app refuses such entries too. This check fails the deployment, before a setting is stored that allows nothing.
var checkedOrigins = map(
  allowedOrigins,
  origin =>
    isExactOrigin(origin)
      ? origin
      : fail('allowedOrigins: "${origin}" is not an exact https origin. Write https://host or https://host:port, without path, wildcard or trailing slash')
)

func isExactOrigin(origin string) bool =>
  startsWith(origin, 'https://') && !empty(skip(origin, 8)) && length(split(skip(origin, 8), [
    '/'
    '*'
    ','
    '@'
    '?'
    '#'
    ' '
  ])) == 1

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'app/identity.bicep' = {
  scope: group
  params: { name: 'id-${token}', location: location, tags: tags }
}

// Requests the tokens that targets get. It must never have a role: whoever has such a token can use it.
module targetIdentity 'app/identity.bicep' = {
  scope: group
  params: { name: 'id-target-${token}', location: location, tags: tags }
}

module storage 'app/storage.bicep' = {
  scope: group
  params: {
    name: 'st${token}'
    location: location
    tags: tags
    appPrincipalId: identity.outputs.principalId
    readerPrincipalId: principalId
    readerPrincipalType: principalType
  }
}

module vault 'app/vault.bicep' = {
  scope: group
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    appPrincipalId: identity.outputs.principalId
    officerPrincipalId: principalId
    officerPrincipalType: principalType
  }
}

module monitoring 'app/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: 'log-${token}'
    insightsName: 'appi-${token}'
    location: location
    tags: tags
    dailyCapGb: dailyLogCapGb
    appPrincipalId: identity.outputs.principalId
  }
}

module functionApp 'app/function-app.bicep' = {
  scope: group
  params: {
    planName: 'plan-${token}'
    appName: 'func-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    targetIdentityId: targetIdentity.outputs.id
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyDurable: alwaysReadyDurable
    packageContainerUrl: storage.outputs.packageContainerUrl
    authClientId: authClientId
    appSettings: [
      { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
      { name: 'AzureWebJobsStorage__clientId', value: identity.outputs.clientId }
      { name: 'AzureWebJobsStorage__blobServiceUri', value: storage.outputs.blobEndpoint }
      { name: 'AzureWebJobsStorage__queueServiceUri', value: storage.outputs.queueEndpoint }
      { name: 'AzureWebJobsStorage__tableServiceUri', value: storage.outputs.tableEndpoint }
      { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: monitoring.outputs.connectionString }
      {
        name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
        value: 'ClientId=${identity.outputs.clientId};Authorization=AAD'
      }
      { name: 'AZURE_CLIENT_ID', value: identity.outputs.clientId }
      { name: 'TASKHUB_NAME', value: taskHubName }
      { name: 'SURGE_ALLOWED_ORIGINS', value: join(checkedOrigins, ',') }
      { name: 'SURGE_ALLOWED_ADDRESSES', value: join(allowedAddresses, ',') }
      { name: 'SURGE_KEY_VAULT_URL', value: vault.outputs.url }
      { name: 'SURGE_TARGET_CLIENT_ID', value: targetIdentity.outputs.clientId }
      { name: 'SURGE_ALLOWED_SCOPES', value: join(allowedScopes, ',') }
      { name: 'SURGE_SECRET_ORIGINS', value: join(secretOrigins, ',') }
      { name: 'SURGE_MAX_VUS', value: string(maxVus) }
      { name: 'SURGE_MAX_RATE', value: string(maxRate) }
      { name: 'SURGE_MAX_DURATION_SECONDS', value: string(maxDurationSeconds) }
      { name: 'SURGE_MAX_ACTIVE_RUNS', value: string(maxActiveRuns) }
      { name: 'SURGE_MAX_TOTAL_VUS', value: string(maxTotalVus) }
      { name: 'SURGE_MAX_TOTAL_RATE', value: string(maxTotalRate) }
      { name: 'SURGE_ALLOW_SHARED_TARGETS', value: string(allowSharedTargets) }
      { name: 'SURGE_STOPPED', value: string(stopped) }
      { name: 'SURGE_KEEP_DAYS', value: string(keepDays) }
      { name: 'SURGE_KEEP_CANARY_DAYS', value: string(keepCanaryDays) }
      // Never without authentication in front: the app would believe whatever callers say about themselves.
      { name: 'SURGE_REQUIRE_ROLES', value: string(!empty(authClientId)) }
      { name: 'SURGE_VUS_PER_LANE', value: string(vusPerLane) }
      { name: 'SURGE_RATE_PER_LANE', value: string(ratePerLane) }
      { name: 'SURGE_WINDOW_SECONDS', value: string(windowSeconds) }
      { name: 'SURGE_START_DELAY_SECONDS', value: string(startDelaySeconds) }
      { name: 'SURGE_DEAD_AFTER_SECONDS', value: string(deadAfterSeconds) }
      { name: 'SURGE_MAX_WAITING_MB', value: string(maxWaitingMB) }
      // What replies hold while they are read; an eighth leaves room for the samples and the garbage between collections.
      { name: 'SURGE_REPLY_MEMORY_MB', value: string(instanceMemoryMB / 8) }
    ]
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_NAME string = functionApp.outputs.name
output SERVICE_API_NAME string = functionApp.outputs.name
output SURGE_API_URL string = '${functionApp.outputs.url}/api'
output SURGE_KEY_VAULT_NAME string = vault.outputs.name
output SURGE_TARGET_CLIENT_ID string = targetIdentity.outputs.clientId
output SURGE_TARGET_PRINCIPAL_ID string = targetIdentity.outputs.principalId
output SURGE_STORAGE_ACCOUNT string = storage.outputs.name
