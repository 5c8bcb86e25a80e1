"""Parts of boto3 for DynamoDB that helper modules import."""
