/*---
title.zh = "哪些签名证书签了多个应用？"
title.en = "Which signing certificates sign how many apps?"
explain.zh = "只计验证通过的签名。同一证书不等于同一公司：测试密钥人人可用。"
explain.en = "Only verified signatures count. One certificate is not one company: test keys are open to all."
bar = "apps"
[columns]
certificate.zh = "证书 SHA-256"
certificate.en = "SHA-256 of the certificate"
subject.zh = "证书主体"
subject.en = "subject of the certificate"
apps.zh = "文件数"
apps.en = "files"
packages.zh = "不同包名数"
packages.en = "different package names"
---*/
SELECT signature.certificate_sha256 AS certificate, min(signature.certificate_subject) AS subject,
       count(DISTINCT signature.app) AS apps, count(DISTINCT artifact.package) AS packages
FROM signature JOIN artifact ON artifact.app = signature.app AND artifact.role IN ('package', 'base')
WHERE signature.status = 'verified' AND signature.certificate_sha256 IS NOT NULL
GROUP BY 1
ORDER BY apps DESC, certificate
