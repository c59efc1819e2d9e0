/**
 * Domains of the services of Azure and Microsoft 365 in all clouds. Tokens for their names, and for names below them, give
 * access to resources of the operator's tenant.
 */
const MICROSOFT_DOMAINS: readonly string[] = [
  // Public cloud: management, vault, storage, databases, messaging, monitoring.
  ...['azure.com', 'azure.net', 'windows.net', 'windowsazure.com', 'windowsazure.net', 'azure-automation.net'],
  ...['azure-devices.net', 'azure-devices-provisioning.net', 'azureiotcentral.com', 'azurecr.io', 'azconfig.io'],
  ...['azmk8s.io', 'azuredatabricks.net', 'azuresynapse.net', 'azurehdinsight.net', 'azureml.ms', 'azureml.net'],
  ...['azuredatalakestore.net', 'azuredatalakeanalytics.net', 'azurehealthcareapis.com', 'azuretimeseries.com'],
  ...['applicationinsights.io', 'loganalytics.io', 'opinsights.com', 'botframework.com', 'visualstudio.com'],
  // Microsoft 365, Power Platform, Dynamics and the identity platform itself.
  ...['microsoft.com', 'cloud.microsoft', 'windows.com', 'microsoftonline.com', 'microsoftonline-p.com'],
  ...['msidentity.com', 'office.com', 'office.net', 'office365.com', 'onenote.com', 'outlook.com', 'live.com'],
  ...['sharepoint.com', 'skype.com', 'skypeforbusiness.com', 'yammer.com', 'dynamics.com', 'powerbi.com'],
  ...['powerapps.com', 'powerplatform.com'],
  // US Government.
  ...['azure.us', 'usgovcloudapi.net', 'azure-devices.us', 'azurecr.us', 'azconfig.us', 'azmk8s.us', 'loganalytics.us'],
  ...['applicationinsights.us', 'opinsights.us', 'azuredatabricks.us', 'azurehdinsight.us', 'azuresynapse.us'],
  ...[
    'microsoft.us',
    'microsoftonline.us',
    'microsoftonline.mil',
    'office365.us',
    'sharepoint.us',
    'sharepoint-mil.us',
  ],
  ...['dynamics365.us', 'microsoftdynamics.us', 'appsplatform.us', 'powerapps.us', 'powerbigov.us', 'powerplatform.us'],
  // China, the former German cloud, and the secret clouds.
  ...['azure.cn', 'chinacloudapi.cn', 'windowsazure.cn', 'azure-devices.cn', 'azurecr.cn', 'azk8s.cn'],
  ...['azuredatabricks.cn', 'azuresynapse.cn', 'azurehdinsight.cn', 'microsoftonline.cn', 'sharepoint.cn'],
  ...['office365.cn', 'dynamics.cn', 'powerbi.cn', 'powerapps.cn', 'partner.outlook.cn'],
  ...['microsoftazure.de', 'cloudapi.de', 'azure.de', 'microsoftonline.de', 'eaglex.ic.gov', 'microsoft.scloud'],
];

/** Application ids of the same services, under which Entra accepts them as well. */
const MICROSOFT_APPLICATIONS: ReadonlySet<string> = new Set(
  [
    // Key Vault (public and US Government), Managed HSM, Storage, Resource Manager, SQL, PostgreSQL and MySQL, Cosmos DB.
    'cfa8b339-82a2-471a-a3c9-0fc0be7a4093 7e7c393b-45d0-48b1-a35e-2905ddf8183c 589d5083-6f11-4d30-a62a-a4b316a14abf',
    'e406a681-f3d4-42a8-90b6-c2b029497af1 797f4846-ba00-4fd7-ba43-dac1f8f63013 022907d3-0f1b-48f7-badc-1ba6abab6d66',
    '123cd850-d9df-40bd-94d5-c9f07b7fa203 a232010e-820c-4083-83bb-3ace5fc29d0b acca5fbb-b7e4-4009-81f1-37e38fd66d78',
    // Service Bus, Event Hubs, Event Grid, App Service, App Configuration, Container Registry, Batch, Kubernetes.
    '80a10ef9-8168-493d-abf9-3297c4ef6e3c 80369ed6-5f11-4dd9-bef3-692475845e77 4962773b-9cdb-44cf-a8bf-237846a00ab7',
    'abfa0a7c-a6b6-4736-8310-5855508787cd 35ffadb3-7fc1-497e-b61b-381d28e744cc 6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26',
    'ddbf3205-c6bd-46ae-8127-60eb93363864 6dae42f8-4368-4678-94ff-3960e28e3630 04b07795-8ddb-461a-bbee-02f9e1bf7b46',
    // Data services: Databricks, Data Lake, Data Explorer, Synapse, Analysis Services, HDInsight, Purview, Stream Analytics.
    '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d e9f49c6b-5ce5-44c8-925d-015017e9f7ad 2746ea77-4702-4b45-80ca-3c97e680e8b7',
    '725d0e77-e1fd-48f1-a295-2115457f7609 1ac05c7e-12d2-4605-bf9d-549d7041c6b3 ec52d13d-2e85-410e-a89a-8c79fb6a32ac',
    '4ac7d521-0382-477b-b0f8-7e1d95f85ca2 7865c1d2-f040-46cc-875f-831a1ef6a28a 73c2949e-da2d-457a-9607-fcc665198967',
    '66f1e791-7bfb-4e18-aed8-1720056421c7 9d3e55ba-79e0-4b7c-af50-dc460b81dca1 4f6778d8-5aef-43dc-a1ff-b073724b9495',
    // Monitoring, cognitive services, machine learning, IoT, maps, media, communication, virtual desktops, DevOps.
    'ca7f3f0b-7d91-482c-8e09-c5d840d0eac5 f5c26e74-f226-4ae8-85f0-b4af0080ac9e 7d312290-28c8-473c-a0ed-8e53749b6d6d',
    '18a66f5f-dbdf-4c17-9dd7-1634712a9cbe 0b07f429-9f4b-4714-9392-cc5e8e80c8b0 9edfcdd9-0bc5-4bd4-b287-c3afc716aac7',
    '0cd79364-7a90-4354-9984-6e36c841418d ba1ea022-5807-41d5-bbeb-292c7e1cf5f6 374b2a64-3b6b-436b-934c-b820eacca870',
    '632ec9eb-fad7-4cbd-993a-e72973ba2acc 9cdead84-a844-4324-93f2-b2e6bb768d07 499b84ac-1321-427f-aa17-267ca6975798',
    'c61423b7-1d1f-430d-b444-0eee53298103 1322e676-dee7-41ee-a874-ac923822781c c7ddd9b4-5172-4e28-bd29-1e0792947d18',
    // Security and Microsoft 365: Defender, Intune, Office management, information protection, Power Platform.
    '8ee8fdad-f234-4243-8f3b-15c294843740 fc780465-2017-40d4-a0c5-307022471b92 c161e42e-d4df-4a3d-9b42-e7a3c31f59d4',
    'c5393580-f805-4401-95e8-94b7a6ef2fc2 870c4f2e-85b6-4d43-bdda-6ed9a579b725 2d4d3d8e-2be3-4bef-9f87-7875a61c29de',
    'cc15fd57-2c6c-4117-a88c-83b1d56b4bbe 7df0a125-d3be-4c96-aa54-591f83ff541c 82f77645-8a66-4745-bcdf-9706824f9ad0',
    '996def3d-b36c-4153-8607-a6fd3c01b89f 2f3f02c9-5679-4a5c-a605-0de55b07d135 c066d759-24ae-40e7-a56f-027002b5d3e4',
  ].flatMap((line) => line.replaceAll('-', '').split(' ')),
);

/** The families of ids of directory, Graph, Exchange, SharePoint, Power BI and Dynamics, without their dashes. */
const MICROSOFT_FAMILY = /[0-9a-f]{8}0000(0000c000|0ff1ce00)0{12}/;

const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const SCOPE = new RegExp(`^(?:api://|https://|${ID}/)[0-9a-z._~:/-]+$`, 'i');

export const EXPECTED_SCOPE =
  'expected one scope with its API, such as api://APPLICATION-ID/.default or https://mcp.example.com/.default';

/**
 * Why no plan may request Entra tokens for a scope, whatever the operator allows: it is not the full name of one scope of
 * one API, or the API is a service of Azure or Microsoft 365 other than the target itself. A target that got such a token
 * could use it there.
 * @returns what was expected; undefined when the operator may allow the scope
 */
export function scopeProblem(scope: string, targetUrl: string): string | undefined {
  if (isMicrosoftAudience(scope) && !isTargetsOwn(scope, targetUrl)) {
    return "expected the scope of the target's own API; tokens for services of Azure and Microsoft 365 are sent to those services only";
  }
  return isScope(scope) ? undefined : EXPECTED_SCOPE;
}

/** True for the full name of one scope of one API. */
export function isScope(text: string): boolean {
  return SCOPE.test(text);
}

/** True for `https://HOST/…` where HOST is the target's host. Its tokens reach only the service that they are for. */
function isTargetsOwn(scope: string, targetUrl: string): boolean {
  // The check runs for plans with other faults too.
  if (!URL.canParse(targetUrl)) return false;
  const { protocol, hostname } = new URL(targetUrl);
  const own = `https://${hostname}/`;
  return protocol === 'https:' && scope.startsWith(own) && !isMicrosoftAudience(scope.slice(own.length));
}

/**
 * True when the audience of a scope or of a token is a service of Azure or Microsoft 365. It reads every part of the text
 * as a host name and as an application id, because Entra also accepts unusual notations, such as a slash too many.
 */
export function isMicrosoftAudience(audience: string): boolean {
  const text = decoded(audience).toLowerCase();
  const ids = text.replaceAll(/[^0-9a-z/:]/g, '');
  if (MICROSOFT_FAMILY.test(ids)) return true;
  if ([...ids.matchAll(/(?=([0-9a-f]{32}))/g)].some(([, id]) => MICROSOFT_APPLICATIONS.has(id as string))) return true;
  return text.split(/[^0-9a-z._-]/).some((part) => {
    const host = part.replaceAll(/^\.+|\.+$/g, '');
    return MICROSOFT_DOMAINS.some((domain) => `.${host}`.endsWith(`.${domain}`));
  });
}

/** The text without URL encoding, however often it was encoded. */
function decoded(text: string): string {
  let [before, after] = ['', text.normalize('NFKC')];
  for (let round = 0; before !== after && round < 10; round++) {
    before = after;
    after = before.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  }
  return after;
}
