/*---
title.zh = "应用里写有哪些接收方主机？"
title.en = "Which hosts stand in the apps?"
explain.zh = "包内出现某个地址，不等于数据一定发往那里；flows 一列是查到数据流向该主机的应用数。"
explain.en = "That an address stands in a package does not say that anything is sent there; `flows` counts the apps with a data flow to it."
bar = "apps"
[columns]
host.zh = "主机"
host.en = "host"
apps.zh = "应用数"
apps.en = "apps"
owners.zh = "使用者数（应用自身或 SDK）"
owners.en = "by how many different owners (the app itself or SDKs)"
flows.zh = "查到数据流的应用数"
flows.en = "apps with a data flow to it"
---*/
WITH named AS (
  SELECT app, host, owner FROM endpoint WHERE host IS NOT NULL AND host <> ''
  UNION ALL
  SELECT app, recipient, owner FROM flow WHERE recipient IS NOT NULL
), sent AS (
  SELECT recipient AS host, count(DISTINCT app) AS flows FROM flow GROUP BY 1
)
SELECT named.host, count(DISTINCT app) AS apps, count(DISTINCT owner) AS owners, coalesce(max(sent.flows), 0) AS flows
FROM named LEFT JOIN sent ON sent.host = named.host
GROUP BY named.host
ORDER BY apps DESC, named.host
