import { describe, expect, test } from "vitest";

import { withPython } from "./fixtures.ts";

const newTrial = withPython();

describe("boto3", () => {
  test("lets helper modules make what they keep for later", () => {
    const helper = [
      "import boto3",
      "from boto3 import client, resource",
      "from boto3.dynamodb.conditions import Attr, Key",
      "from botocore.client import BaseClient",
      "from botocore.config import Config",
      "boto3.setup_default_session(region_name='eu-west-1')",
      "session = boto3.Session(region_name='eu-west-1')",
      "s3 = boto3.client('s3', config=Config(retries={'max_attempts': 3}))",
      "pages = session.client('s3').get_paginator('list_objects_v2')",
      "table = boto3.resource('dynamodb', endpoint_url=None).Table('memory')",
      "condition = Key('id').eq('a') & ~Attr('end').gt(3)",
      "def look_up(table: boto3.resource) -> dict: return table.get_item()",
      "[session.region_name, repr(s3), repr(table)]",
    ];
    expect(newTrial().ask(helper.join("\n"))).toEqual([
      "eu-west-1",
      '<boto3.client("s3"): no network>',
      '<boto3.resource("dynamodb").Table(): no network>',
    ]);
  });

  test.each([
    ["boto3.client('s3').get_object(Bucket='b', Key='k')", 'boto3.client("s3").get_object()'],
    ["boto3.client('s3').get_paginator('list').paginate()", 'boto3.client("s3").get_paginator().paginate()'],
    [
      "boto3.resource('dynamodb').Table('t').get_item(Key={})",
      'boto3.resource("dynamodb").Table().get_item()',
    ],
    ["boto3.Session().client('sts').get_caller_identity()", 'boto3.client("sts").get_caller_identity()'],
    ["list(boto3.resource('s3').Bucket('b').objects.all())", 'boto3.resource("s3").Bucket().objects.all()'],
  ])("%s says what is missing and what to do", (call, name) => {
    const { classes, message } = newTrial().raises(`import boto3\n${call}`);
    expect(classes).toContain("NotImplementedError");
    expect(message).toContain(`${name} needs the network, which Python rules do not have in Stakeout.`);
    expect(message).toContain("lookup table");
  });

  test("no exception of AWS covers what is missing", () => {
    const rule = [
      "import boto3",
      "from botocore.exceptions import BotoCoreError, ClientError",
      "s3 = boto3.client('s3')",
      "try:",
      "    s3.get_object()",
      "except (s3.exceptions.NoSuchKey, ClientError, BotoCoreError):",
      "    pass",
      "'covered'",
    ];
    expect(newTrial().raises(rule.join("\n")).classes[0]).toBe("CapabilityUnavailableError");
  });

  test("a mock can take the place of a client", () => {
    const mocked = [
      "import boto3",
      "from unittest.mock import MagicMock, patch",
      "with patch('boto3.client', MagicMock()) as client:",
      "    client.return_value.get_object.return_value = {'Body': 'text'}",
      "    body = boto3.client('s3').get_object()['Body']",
      "body",
    ];
    expect(newTrial().ask(mocked.join("\n"))).toBe("text");
  });
});

describe("botocore.exceptions", () => {
  test("ClientError carries the answer and says what it was", () => {
    const raised = newTrial().raises(
      "from botocore.exceptions import ClientError\n" +
        "error = ClientError({'Error': {'Code': 'Denied', 'Message': 'no'}}, 'GetItem')\n" +
        "assert error.response['Error']['Code'] == 'Denied' and error.operation_name == 'GetItem'\n" +
        "(_ for _ in ()).throw(error)",
    );
    expect(raised.message).toBe("An error occurred (Denied) when calling the GetItem operation: no");
  });

  test("the others are BotoCoreErrors with their options", () => {
    expect(
      newTrial().ask(
        "from botocore.exceptions import *\nfrom botocore.exceptions import BotoCoreError, NoCredentialsError\n" +
          "error = EndpointConnectionError(endpoint_url='https://example.test')\n" +
          "[isinstance(error, BotoCoreError), str(error), str(NoCredentialsError())]",
      ),
    ).toEqual([true, "endpoint_url: https://example.test", "NoCredentialsError"]);
  });
});

describe("datadog", () => {
  test("can be imported and initialized", () => {
    expect(
      newTrial().ask(
        "import datadog\nfrom datadog import api, initialize, statsd\n" +
          "[initialize(api_key='k'), repr(api.Metric), repr(datadog.ThreadStats())]",
      ),
    ).toEqual([null, "<datadog.api.Metric: no network>", "<datadog.ThreadStats(): no network>"]);
  });

  test.each([
    ["statsd.increment('rule.match')", "datadog.statsd.increment()"],
    ["api.Metric.send(metric='m', points=1)", "datadog.api.Metric.send()"],
    ["DogStatsd().gauge('m', 1)", "datadog.DogStatsd().gauge()"],
  ])("%s says what is missing", (call, name) => {
    const { classes, message } = newTrial().raises(`from datadog import *\n${call}`);
    expect(classes).toContain("NotImplementedError");
    expect(message).toContain(`${name} needs the network`);
  });
});

test("what stands for a service can be copied, compared and looked at", () => {
  expect(
    newTrial().ask(
      "import boto3, copy\ns3 = boto3.client('s3')\ncopied = copy.deepcopy(s3)\n" +
        "[repr(copied), hasattr(s3, '__iter__'), bool(s3), s3 == s3]",
    ),
  ).toEqual(['<boto3.client("s3"): no network>', false, true, true]);
});
